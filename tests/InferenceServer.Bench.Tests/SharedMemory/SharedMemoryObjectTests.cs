using System.Runtime.Versioning;
using InferenceServer.Bench.SharedMemory;
using Xunit;

namespace InferenceServer.Bench.Tests.SharedMemory;

[Collection("shared memory of this process")]
public sealed class SharedMemoryObjectTests
{
    [Fact]
    [SupportedOSPlatform("linux")]
    public void Make_IsForItsOwnerAloneAndGoneAfterwards()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "POSIX shared memory is used on Linux.");
        string path;
        using (var made = SharedMemoryObject.Make("inputs", 10_000))
        {
            path = "/dev/shm" + made.Key;
            made.Write([1, 2, 3], 9_997);

            Assert.Equal(10_000, new FileInfo(path).Length);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            Assert.True(made.Has([1, 2, 3], 9_997));
            Assert.False(made.Has([1, 2, 4], 9_997));
            Assert.False(made.Has([1, 2, 3, 0], 9_997));
        }

        Assert.False(File.Exists(path));
    }

    [Fact]
    public void RemoveName_KeepsTheMemory()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "POSIX shared memory is used on Linux.");
        using var made = SharedMemoryObject.Make("outputs", 4096);

        made.RemoveName();
        made.Write([7], 5);

        Assert.False(File.Exists("/dev/shm" + made.Key));
        Assert.True(made.Has([7], 5));
    }
}
