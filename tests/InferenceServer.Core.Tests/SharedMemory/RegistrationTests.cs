using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Testing.SharedMemory;
using Xunit;

namespace InferenceServer.Core.Tests.SharedMemory;

public sealed partial class RegistrationTests
{
    private static readonly ulong s_page = SharedMemoryTest.Page;

    [Fact]
    public void Everything_SwitchedOffAsByDefault_IsRefusedButListed()
    {
        using var test = new SharedMemoryTest(new SharedMemoryOptions());
        foreach (var error in new[]
        {
            test.Registry.Refusal,
            test.Registry.RegisterSystem("r", test.File.Key, 0, 8),
            test.Registry.RegisterSystem("", "", 0, 0),
            test.Registry.RegisterCuda("r", new byte[64], 0, 8),
            test.Registry.Unregister(SharedMemoryKind.System, "r"),
            test.Registry.Unregister(SharedMemoryKind.System, ""),
            test.Registry.Unregister(SharedMemoryKind.Cuda, "r"),
        })
        {
            Assert.Equal(ErrorCode.Unsupported, error!.Code);
            Assert.Contains("--allow-client-shm=true", error.Message, StringComparison.Ordinal);
        }

        Assert.True(test.Registry.TryList(SharedMemoryKind.System, "", out var regions, out _));
        Assert.Empty(regions);
        Assert.Equal(ErrorCode.NotFound, test.ReadError("r", 0, 1).Code);
        Assert.Equal(0, test.OpenDescriptors);
        Assert.Empty(test.Driver.Calls);
    }

    [Fact]
    public void Registered_IsListedUntilItIsUnregistered()
    {
        using var test = new SharedMemoryTest();
        test.Register("b", s_page, 10);
        test.Register("a");
        Assert.Equal([new("a", test.File.Key, 0, 3 * (long)s_page), new("b", test.File.Key, (long)s_page, 10)], List(""));
        Assert.Equal([new("b", test.File.Key, (long)s_page, 10)], List("b"));
        Assert.Equal(2, test.OpenDescriptors);

        Assert.Null(test.Registry.Unregister(SharedMemoryKind.System, "b"));
        Assert.Null(test.Registry.Unregister(SharedMemoryKind.System, "never there"));
        Assert.Equal("a", Assert.Single(List("")).Name);
        Assert.Equal(1, test.OpenDescriptors);
        Assert.False(test.Registry.TryList(SharedMemoryKind.System, "b", out _, out var error));
        Assert.Equal((ErrorCode.NotFound, "Unable to find system shared memory region: 'b'"), (error.Code, error.Message));

        Assert.Null(test.Registry.Unregister(SharedMemoryKind.System, ""));
        Assert.Empty(List(""));
        Assert.Equal(0, test.OpenDescriptors);

        IEnumerable<SharedMemoryRegion> List(string name)
        {
            Assert.True(test.Registry.TryList(SharedMemoryKind.System, name, out var regions, out _));
            return regions;
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("///")]
    [InlineData("//object")]
    [InlineData("/a/b")]
    [InlineData("../etc/passwd")]
    [InlineData("/..")]
    [InlineData(".")]
    [InlineData("a\0b")]
    [InlineData("triton_python_backend_shm_region_1")]
    [InlineData("/triton_python_backend_shm_region_")]
    public void Key_ThatIsNone_IsRefused(string key)
    {
        using var test = new SharedMemoryTest();
        var error = test.Registry.RegisterSystem("r", key, 0, 8);
        Assert.Equal((ErrorCode.InvalidArgument, "key"), (error!.Code, error.Subject));
        Assert.Contains("'r'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Key_LongestThatTheSystemKnows_IsTheLimit()
    {
        using var test = new SharedMemoryTest();
        var longest = new string('k', SharedMemoryKey.MaxLength);
        Assert.Equal($"Unable to open shared memory region: '/{longest}'", test.Registry.RegisterSystem("r", "/" + longest, 0, 8)!.Message);
        Assert.Contains("255 bytes", test.Registry.RegisterSystem("r", longest + "k", 0, 8)!.Message, StringComparison.Ordinal);

        // Characters may take more than one byte.
        Assert.Contains("255 bytes", test.Registry.RegisterSystem("r", new string('ü', 128), 0, 8)!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Key_WithoutItsSlash_IsTheSameObject()
    {
        using var test = new SharedMemoryTest();
        test.File.Write([1, 2, 3]);
        Assert.Null(test.Registry.RegisterSystem("r", test.File.Key[1..], 0, 3));
        Assert.Equal([1, 2, 3], test.Read("r", 0, 3));
    }

    [Fact]
    public void Object_ThatIsNotThere_IsRefusedByTheKeyOfTheClient()
    {
        using var test = new SharedMemoryTest();
        var error = test.Registry.RegisterSystem("r", "/no-such-object", 0, 8);
        Assert.Equal((ErrorCode.InvalidArgument, "Unable to open shared memory region: '/no-such-object'"), (error!.Code, error.Message));
    }

    [Fact]
    public void Object_ThatIsALinkOrAPipeOrAFolder_IsRefused()
    {
        using var test = new SharedMemoryTest();
        var name = test.File.Key + "-other";
        var path = "/dev/shm" + name;
        foreach (var make in new Action[] { () => File.CreateSymbolicLink(path, test.File.FullPath), () => Assert.Equal(0, MakePipe(path, 0x180)), () => Directory.CreateDirectory(path) })
        {
            make();
            try
            {
                Assert.Equal(ErrorCode.InvalidArgument, test.Registry.RegisterSystem("r", name, 0, 8)!.Code);
                Assert.False(test.Registry.TryList(SharedMemoryKind.System, "r", out _, out _));
            }
            finally
            {
                _ = Directory.Exists(path) && !new FileInfo(path).Attributes.HasFlag(FileAttributes.ReparsePoint) ? Remove(Directory.Delete) : Remove(File.Delete);
            }
        }

        bool Remove(Action<string> remove)
        {
            remove(path);
            return true;
        }
    }

    public static TheoryData<ulong, ulong, string> WrongParts => new()
    {
        { 0, 0, "above 0" },
        { 0, (3 * s_page) + 1, "beyond" },
        { s_page, (2 * s_page) + 1, "beyond" },
        { 3 * s_page, 1, "beyond" },
        { 4 * s_page, 1, "beyond" },
        { ulong.MaxValue, 1, "beyond" },
        { 1, ulong.MaxValue, "beyond" },
        { s_page, ulong.MaxValue - s_page + 1, "beyond" },
        { ulong.MaxValue - s_page + 1, s_page, "beyond" },
        { long.MaxValue - s_page + 1, s_page, "beyond" },
        { 0, ulong.MaxValue, "beyond" },
        { 1, 8, "multiple of the page size" },
        { s_page - 1, 8, "multiple of the page size" },
    };

    [Theory]
    [MemberData(nameof(WrongParts))]
    public void Part_ThatIsNotWithinTheObject_IsRefused(ulong offset, ulong byteSize, string words)
    {
        using var test = new SharedMemoryTest();
        var error = test.Registry.RegisterSystem("bad", test.File.Key, offset, byteSize);
        Assert.Equal(ErrorCode.InvalidArgument, error!.Code);
        Assert.Contains("'bad'", error.Message, StringComparison.Ordinal);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(test.File.Key, error.Message, StringComparison.Ordinal);
        Assert.Equal(0, test.OpenDescriptors);
    }

    [Fact]
    public void Part_ThatEndsWhereTheObjectEnds_IsTaken()
    {
        using var test = new SharedMemoryTest();
        test.Register("whole", 0, 3 * s_page);
        test.Register("last", 2 * s_page, s_page);
        test.Register("byte", 2 * s_page, 1);
    }

    [Fact]
    public void Name_ThatIsTakenEmptyOrTooLong_IsRefused()
    {
        using var test = new SharedMemoryTest();
        test.Register(new string('n', SharedMemoryRegistry.MaxNameLength), 0, 8);
        test.Register("r", 0, 8);
        using var other = new SharedMemoryFile(8);
        var taken = test.Registry.RegisterSystem("r", other.Key, 0, 8);
        Assert.Equal((ErrorCode.AlreadyExists, "shared memory region 'r' already in manager"), (taken!.Code, taken.Message));
        Assert.Contains("region name", test.Registry.RegisterSystem("", test.File.Key, 0, 8)!.Message, StringComparison.Ordinal);
        var tooLong = test.Registry.RegisterSystem(new string('n', SharedMemoryRegistry.MaxNameLength + 1), test.File.Key, 0, 8);
        Assert.Contains("1025", tooLong!.Message, StringComparison.Ordinal);
        Assert.Equal(2, test.OpenDescriptors);
    }

    [Fact]
    public void Limits_OfRegionsAndBytes_HoldAndAreGivenBack()
    {
        using var test = new SharedMemoryTest(new SharedMemoryOptions { AllowClients = true, MaxRegions = 2, MaxBytes = 100 });
        test.Register("a", 0, 60);
        var bytes = test.Registry.RegisterSystem("b", test.File.Key, 0, 41);
        Assert.Equal(ErrorCode.ResourceExhausted, bytes!.Code);
        Assert.Contains("more than 100", bytes.Message, StringComparison.Ordinal);
        test.Register("b", 0, 40);
        var regions = test.Registry.RegisterSystem("c", test.File.Key, 0, 1);
        Assert.Equal(ErrorCode.ResourceExhausted, regions!.Code);
        Assert.Contains("2 regions", regions.Message, StringComparison.Ordinal);
        Assert.Null(test.Registry.Unregister(SharedMemoryKind.System, "a"));
        test.Register("c", 0, 60);
        Assert.Null(test.Registry.Unregister(SharedMemoryKind.System, ""));
        test.Register("d", 0, 100);
    }

    [LibraryImport("libc", EntryPoint = "mkfifo", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakePipe(string path, uint mode);
}
