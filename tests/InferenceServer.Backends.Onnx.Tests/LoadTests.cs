using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Onnx;
using Xunit;

namespace InferenceServer.Backends.Onnx.Tests;

public sealed class LoadTests
{
    [Fact]
    public void Load_NoFile_SaysSo()
    {
        var error = OnnxModels.LoadFails(OnnxModels.Context(file: null));
        Assert.Contains("needs a model file", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_MissingFile_NamesOnlyTheFile()
    {
        using var directory = new TemporaryDirectory();
        var error = OnnxModels.LoadFails(OnnxModels.Context(Path.Combine(directory.FullPath, "nowhere.onnx")));
        Assert.StartsWith("'nowhere.onnx' cannot be loaded: ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(1000)]
    [InlineData(70000)]
    [InlineData(154411)]
    public void Load_TruncatedFile_Fails(int length)
    {
        var whole = File.ReadAllBytes(RepositoryFiles.SampleModel("digits"));
        var error = OnnxModels.LoadFails(whole[..length]);
        Assert.StartsWith("'model.onnx' cannot be loaded: ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Load_RandomBytes_Fails(int seed)
    {
        var bytes = new byte[5000];
        new Random(seed).NextBytes(bytes);
        Assert.StartsWith("'model.onnx' cannot be loaded: ", OnnxModels.LoadFails(bytes).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_DamagedFiles_FailCleanlyOrLoad()
    {
        var whole = File.ReadAllBytes(RepositoryFiles.SampleModel("wine"));
        var failed = 0;
        for (var seed = 0; seed < 150; seed++)
        {
            var random = new Random(seed);
            var damaged = (byte[])whole.Clone();
            for (var i = 0; i < 20; i++)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            try
            {
                OnnxModels.Load(damaged).Dispose();
            }
            catch (BackendException error)
            {
                OnnxModels.AssertDiscreet(error.Message);
                failed++;
            }
        }

        Assert.InRange(failed, 50, 150);
    }

    [Fact]
    public void Load_UnknownOperator_NamesIt()
    {
        var error = OnnxModels.LoadFails(new OnnxModelBuilder()
            .Input("x", OnnxElementType.Float, 1).Output("y", OnnxElementType.Float, 1).Node("Frobnicate", ["x"], ["y"]).Build());
        Assert.Contains("Frobnicate", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ExternalDataBesideTheModel_IsFound()
    {
        using var directory = new TemporaryDirectory();
        float[] weights = [.. Enumerable.Range(0, 64).Select(static i => i * 2f)];
        directory.Write("weights.bin", MemoryMarshal.AsBytes(weights.AsSpan()));
        var file = directory.Write("model.onnx", WithExternalWeights("weights.bin"));
        using var model = OnnxModels.Load(file);
        Assert.Equal(weights, OnnxModels.Run(model, TestTensor.Fp32("x", new TensorShape(64), new float[64]))["y"].As<float>());
    }

    [Theory]
    [InlineData("../secret.bin")]
    [InlineData("sub/../../secret.bin")]
    [InlineData("/ABSOLUTE/secret.bin")]
    public void Load_ExternalDataOutsideOfTheVersion_IsRefusedAlikeWhetherItIsThereOrNot(string path)
    {
        using var directory = new TemporaryDirectory();
        directory.Write("secret.bin", new byte[256]);
        directory.Write("1/sub/x", "");
        var file = directory.Write("1/model.onnx", WithExternalWeights(path.Replace("/ABSOLUTE", directory.FullPath, StringComparison.Ordinal)));
        var there = Assert.Throws<BackendException>(() => OnnxModels.Load(file).Dispose()).Message;
        File.Delete(Path.Combine(directory.FullPath, "secret.bin"));
        Assert.Equal(there, Assert.Throws<BackendException>(() => OnnxModels.Load(file).Dispose()).Message);
        Assert.DoesNotContain(directory.FullPath, there, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ExternalDataMissing_NamesTheFileWithoutItsFolder()
    {
        var error = OnnxModels.LoadFails(WithExternalWeights("weights.bin"));
        Assert.Contains("weights.bin", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Load_CancelledBefore_IsCancelled() =>
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await new OnnxBackend().LoadAsync(
            OnnxModels.Context(RepositoryFiles.SampleModel("digits")), new CancellationToken(canceled: true)));

    private static byte[] WithExternalWeights(string file) => new OnnxModelBuilder()
        .Input("x", OnnxElementType.Float, 64)
        .Output("y", OnnxElementType.Float, 64)
        .Initializer("w", OnnxTensor.External(OnnxElementType.Float, [64], file))
        .Node("Add", ["x", "w"], ["y"])
        .Build();
}
