using InferenceServer.Abstractions.Errors;
using InferenceServer.Backends.Torch.Archives;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Torch;
using Xunit;

namespace InferenceServer.Backends.Torch.Tests.Archives;

public sealed class ArchiveReaderTests
{
    private static readonly byte[] s_good = ScriptArchive.Of("  def forward(s: __torch__.Model,\n    x: Tensor) -> Tensor:\n    return torch.add(x, s.n)\n", "", "n");

    [Fact]
    public void Read_Archive_FindsTheClassItsCodeAndItsWeights()
    {
        var archive = Read(s_good);
        Assert.Equal(("model/", "__torch__", "Model", sizeof(float)), (archive.Folder, archive.RootModule, archive.RootClass, archive.WeightBytes));
        Assert.Equal(["forward"], archive.FindRoot().Methods);
        Assert.False(archive.ChangesItself);
    }

    [Fact]
    public void Read_ClassInAModule_IsFoundInItsFile()
    {
        var archive = Read(File.ReadAllBytes(RepositoryFiles.TestData("torchscript/lstm_state.pt")));
        Assert.Equal("lstm_state/code/__torch__.py", archive.RootFile);
        Assert.Contains("forward", archive.FindRoot().Methods);
        Assert.Equal(2048 + 4096 + 256 + 256 + 64 + 4, archive.WeightBytes);
    }

    [Fact]
    public void Read_ValueThatHasChanged_IsRefused()
    {
        var bytes = (byte[])s_good.Clone();
        var at = bytes.AsSpan().IndexOf("torch.add"u8);
        bytes[at] ^= 1;
        Assert.Contains("model/code/__torch__.py' is not what its checksum says", Refused(bytes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model/data.pkl", "is no TorchScript archive: it has no data.pkl; write one with torch.jit.script(model).save('model.pt')")]
    [InlineData("model/code/__torch__.py", "it holds weights or a pickled module (torch.save) and no code")]
    [InlineData("model/constants.pkl", "it holds weights or a pickled module (torch.save) and no code")]
    public void Read_OtherArchive_SaysWhatItIs(string missing, string expected) =>
        Assert.Contains(expected, Refused(ScriptArchive.Change(s_good, (name, content) => name == missing ? null : content)), StringComparison.Ordinal);

    [Fact]
    public void Read_DataWithoutAClass_IsRefused() =>
        Assert.Contains("its data.pkl does not begin with a class", Refused(ScriptArchive.Change(s_good, static (name, content) => name == "model/data.pkl" ? [0x80, 2, (byte)'}', (byte)'.'] : content)), StringComparison.Ordinal);

    [Fact]
    public void FindRoot_ClassThatIsNotInTheCode_IsRefused()
    {
        var archive = Read(ScriptArchive.OfCode("class Other(Module):\n  training : bool\n"));
        Assert.Contains("__torch__.Model is not in the code", Assert.Throws<BackendException>(archive.FindRoot).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_FileThatSaysMoreThanItHas_IsRefused()
    {
        using var content = new MemoryStream();
        using (var zip = new System.IO.Compression.ZipArchive(content, System.IO.Compression.ZipArchiveMode.Create, leaveOpen: true))
        {
            using var part = zip.CreateEntry("model/data.pkl", System.IO.Compression.CompressionLevel.SmallestSize).Open();
            part.Write(new byte[1 << 20]);
        }

        Assert.Contains("its parts would have 1048576 bytes, more than 100 times the file", Refused(content.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_EveryLength_IsRefusedAndNothingElseHappens()
    {
        for (var length = 0; length < s_good.Length; length += 7)
        {
            Refused(s_good[..length]);
        }
    }

    [Fact]
    public void Read_ThousandsOfDamagedFiles_AreReadOrRefused()
    {
        var random = new Random(20_260_101);
        for (var i = 0; i < 3000; i++)
        {
            var bytes = (byte[])s_good.Clone();
            for (var n = random.Next(1, 6); n > 0; n--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            var error = Record.Exception(() => Read(bytes).FindRoot());
            Assert.True(error is null or BackendException, error?.ToString());
        }
    }

    private static TorchArchive Read(byte[] bytes) => ArchiveReader.Read(new MemoryStream(bytes), "model.pt", CancellationToken.None);

    private static string Refused(byte[] bytes)
    {
        var error = Assert.Throws<BackendException>(() => Read(bytes));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        return error.Message;
    }
}
