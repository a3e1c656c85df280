using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Onnx;
using Xunit;

namespace InferenceServer.Backends.Onnx.Tests;

/// <summary>What a load makes of kept graphs that are damaged, foreign, or cannot be kept.</summary>
public sealed class GraphDamageTests : IDisposable
{
    private readonly GraphFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("model.onnx", "truncate")]
    [InlineData("model.onnx", "flip")]
    [InlineData("model.onnx", "delete")]
    [InlineData("model.onnx", "link")]
    [InlineData("weights.bin", "truncate")]
    [InlineData("weights.bin", "flip")]
    [InlineData("weights.bin", "delete")]
    [InlineData("weights.bin", "link")]
    [InlineData("entry.txt", "truncate")]
    [InlineData("entry.txt", "flip")]
    [InlineData("entry.txt", "delete")]
    [InlineData("entry.txt", "link")]
    [InlineData("more.bin", "create")]
    public void Load_DamagedEntry_IsThrownAwayAndTheModelServesFromItsFile(string file, string damage)
    {
        var model = _folder.Directory.Write("m/model.onnx", PerceptronModel.Of(512, 2));
        var row = TestTensor.Fp32("X", new TensorShape(1, 512), [.. Enumerable.Range(0, 512).Select(static i => (float)i)]);
        var expected = GraphFolder.Run(_folder.Context(model), row);
        var entry = Assert.Single(_folder.Entries());
        Assert.Equal(["entry.txt", "model.onnx", "weights.bin"], Directory.GetFiles(entry).Select(Path.GetFileName).Order());
        Damage(Path.Combine(entry, file), damage);
        var context = _folder.Context(model);
        Assert.Equal(expected, GraphFolder.Run(context, row));
        Assert.Contains(GraphFolder.Thrown, Assert.Single(GraphFolder.Log(context).Warnings), StringComparison.Ordinal);
        GraphFolder.AssertSaid(context, GraphFolder.Kept);
        var again = _folder.Context(model);
        Assert.Equal(expected, GraphFolder.Run(again, row));
        GraphFolder.AssertSaid(again, GraphFolder.Used);
        Assert.Equal([Path.GetFileName(entry)], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void Load_EntryOfAnotherModelUnderItsName_IsNotServed()
    {
        var one = _folder.Directory.Write("one/model.onnx", GraphFolder.Scaled(3));
        var other = _folder.Directory.Write("other/model.onnx", GraphFolder.Scaled(7));
        OnnxModels.Load(_folder.Context(one)).Dispose();
        var first = Assert.Single(_folder.Entries());
        OnnxModels.Load(_folder.Context(other)).Dispose();
        var second = _folder.Entries().Single(entry => entry != first);
        Directory.Delete(first, recursive: true);
        Directory.Move(second, first);
        var context = _folder.Context(one);
        using var model = OnnxModels.Load(context);
        Assert.Equal([3f], OnnxModels.Run(model, TestTensor.Fp32("x", new TensorShape(1), 1))["y"].As<float>());
        Assert.Contains("written for something else", GraphFolder.Warning(context), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_WholeEntryThatTheEngineRefuses_IsThrownAwayAndTheModelServes()
    {
        var file = _folder.Directory.Write("m/model.onnx", GraphFolder.Scaled(3));
        OnnxModels.Load(_folder.Context(file)).Dispose();
        var entry = Assert.Single(_folder.Entries());
        var key = Path.GetFileName(entry);
        File.WriteAllText(Path.Combine(entry, "model.onnx"), "no model");
        File.Delete(Path.Combine(entry, "entry.txt"));
        Graphs.GraphManifest.Write(new System.IO.Abstractions.FileSystem(), entry, key);
        var context = _folder.Context(file);
        using var model = OnnxModels.Load(context);
        Assert.Equal([3f], OnnxModels.Run(model, TestTensor.Fp32("x", new TensorShape(1), 1))["y"].As<float>());
        var warning = GraphFolder.Warning(context);
        Assert.Contains(GraphFolder.Thrown, warning, StringComparison.Ordinal);
        OnnxModels.AssertDiscreet(warning);
    }

    [Fact]
    public void Load_EntryThatIsALink_IsRemovedAndWhatItLeadsToStays()
    {
        var file = _folder.Directory.Write("m/model.onnx", GraphFolder.Scaled(3));
        OnnxModels.Load(_folder.Context(file)).Dispose();
        var entry = Assert.Single(_folder.Entries());
        var outside = Path.Combine(_folder.Directory.FullPath, "outside");
        Directory.Move(entry, outside);
        Directory.CreateSymbolicLink(entry, outside);
        var context = _folder.Context(file);
        OnnxModels.Load(context).Dispose();
        Assert.Contains("it is a link", GraphFolder.Warning(context), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(outside, "model.onnx")));
        Assert.Null(new DirectoryInfo(entry).LinkTarget);
    }

    [Fact]
    public void Load_FolderThatCannotBeWritten_ServesAndSaysSo()
    {
        _folder.Directory.Write("cache", "a file where the folder should be");
        var context = _folder.Context(RepositoryFiles.SampleModel("digits"));
        OnnxModels.Load(context).Dispose();
        var warning = Assert.Single(GraphFolder.Log(context).Warnings);
        Assert.Contains("was not kept", warning, StringComparison.Ordinal);
        OnnxModels.AssertDiscreet(warning);
    }

    [Fact]
    public void Load_ModelThatIsNone_FailsAsWithoutAndLeavesNothing()
    {
        var file = _folder.Directory.Write("m/model.onnx", "no model at all");
        Assert.Equal(OnnxModels.LoadFails(OnnxModels.Context(file)).Message, OnnxModels.LoadFails(_folder.Context(file)).Message);
        Assert.False(Directory.Exists(_folder.Path));
        var unknown = _folder.Directory.Write("u/model.onnx", new OnnxModelBuilder().Input("x", OnnxElementType.Float, 1).Output("y", OnnxElementType.Float, 1).Node("NoSuchOperator", ["x"], ["y"]).Build());
        Assert.Equal(OnnxModels.LoadFails(OnnxModels.Context(unknown)).Message, OnnxModels.LoadFails(_folder.Context(unknown)).Message);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    private static void Damage(string path, string how)
    {
        switch (how)
        {
            case "truncate":
                using (var stream = File.OpenWrite(path))
                {
                    stream.SetLength(stream.Length / 2);
                }

                break;
            case "flip":
                var bytes = File.ReadAllBytes(path);
                bytes[bytes.Length / 2] ^= 1;
                File.WriteAllBytes(path, bytes);
                break;
            case "delete":
                File.Delete(path);
                break;
            case "link":
                var elsewhere = Path.GetFullPath(Path.Combine(path, "../../../elsewhere"));
                File.Move(path, elsewhere);
                File.CreateSymbolicLink(path, elsewhere);
                break;
            default:
                File.WriteAllText(path, "more");
                break;
        }
    }
}
