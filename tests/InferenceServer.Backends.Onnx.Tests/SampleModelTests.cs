using System.Text.Json;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Onnx;
using Xunit;

namespace InferenceServer.Backends.Onnx.Tests;

/// <summary>The sample models give what the frameworks that trained them gave, one row at a time and all at once.</summary>
public sealed class SampleModelTests
{
    /// <summary>Set to 1 to write the models that this tree generates, instead of comparing them.</summary>
    private const string WriteSwitch = "INFERENCE_SERVER_WRITE_SAMPLES";

    private const float Tolerance = 1e-5f;

    [Fact]
    public void AddSub_CommittedFile_IsWhatTheBuilderWrites()
    {
        var file = RepositoryFiles.SampleModel("add_sub");
        if (Environment.GetEnvironmentVariable(WriteSwitch) == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllBytes(file, SampleOnnxModels.AddSub());
        }

        Assert.Equal(SampleOnnxModels.AddSub(), File.ReadAllBytes(file));
    }

    [Fact]
    public void AddSub_ThreeRows_GivesSumAndDifference()
    {
        using var model = OnnxModels.Load(RepositoryFiles.SampleModel("add_sub"));
        Assert.True(model.Signature.HasFreeFirstDimension);
        Assert.Equal(["INPUT0", "INPUT1"], model.Signature.Inputs.Select(static input => input.Name));
        var a = Enumerable.Range(0, 48).Select(static i => (float)i).ToArray();
        var b = Enumerable.Range(0, 48).Select(static i => i * 0.5f).ToArray();
        var outputs = OnnxModels.Run(
            model, TestTensor.Fp32("INPUT0", new TensorShape(3, 16), a), TestTensor.Fp32("INPUT1", new TensorShape(3, 16), b));
        Assert.Equal(a.Zip(b, static (x, y) => x + y), outputs["OUTPUT0"].As<float>());
        Assert.Equal(a.Zip(b, static (x, y) => x - y), outputs["OUTPUT1"].As<float>());
    }

    [Fact]
    public void Digits_EightImages_GivesTheExpectedProbabilities()
    {
        using var expected = Read("digits.json");
        using var model = OnnxModels.Load(RepositoryFiles.SampleModel("digits"));
        Assert.Equal(new TensorSpec("image", TensorDataType.Fp32, new TensorShape(-1, 1, 8, 8)), Assert.Single(model.Signature.Inputs));
        Assert.Equal(new TensorSpec("probs", TensorDataType.Fp32, new TensorShape(-1, 10)), Assert.Single(model.Signature.Outputs));
        var images = TestTensor.Fp32("image", new TensorShape(8, 1, 8, 8), Floats(expected, "x"));
        foreach (var actual in TogetherAndOneByOne(model, images, "probs"))
        {
            AssertClose(Floats(expected, "y"), actual, Tolerance);
            Assert.Equal(expected.RootElement.GetProperty("label").EnumerateArray().Select(static label => label.GetInt32()), Largest(actual, 10));
        }
    }

    [Fact]
    public void DigitsFp16_EightImages_GivesTheExpectedProbabilities()
    {
        using var expected = Read("digits.json");
        using var model = OnnxModels.Load(RepositoryFiles.SampleModel("digits_fp16"));
        Assert.Equal(TensorDataType.Fp16, Assert.Single(model.Signature.Inputs).DataType);
        Half[] halves = [.. Floats(expected, "x").Select(static value => (Half)value)];
        var images = TestTensor.Of(Assert.Single(model.Signature.Inputs).Name, TensorDataType.Fp16, new TensorShape(8, 1, 8, 8), halves.AsSpan());
        foreach (var actual in TogetherAndOneByOne(model, images, "probs"))
        {
            // Half precision keeps eleven bits, and a few of them go in four layers.
            AssertClose(Floats(expected, "y"), actual, 5e-3f);
            Assert.Equal(expected.RootElement.GetProperty("label").EnumerateArray().Select(static label => label.GetInt32()), Largest(actual, 10));
        }
    }

    [Fact]
    public void Wine_EightWines_GivesLabelsAndProbabilities()
    {
        using var expected = Read("wine.json");
        using var model = OnnxModels.Load(RepositoryFiles.SampleModel("wine"));
        Assert.Equal(TensorDataType.Bytes, model.Signature.Outputs[0].DataType);
        var labels = expected.RootElement.GetProperty("y").EnumerateArray().Select(static label => label.GetString()!).ToArray();
        var features = TestTensor.Fp32("features", new TensorShape(8, 13), Floats(expected, "x"));
        foreach (var actual in TogetherAndOneByOne(model, features, "probabilities"))
        {
            AssertClose(Floats(expected, "p"), actual, Tolerance);
        }

        Assert.Equal(labels, OnnxModels.Run(model, features)["label"].Texts());
        for (var row = 0; row < 8; row++)
        {
            Assert.Equal([labels[row]], OnnxModels.Run(model, features.Row(row))["label"].Texts());
        }
    }

    [Fact]
    public void TextEmbedding_ThreeSentences_GivesTheExpectedVectors()
    {
        using var expected = Read("text_embedding.json");
        using var model = OnnxModels.Load(RepositoryFiles.SampleModel("text_embedding"));
        var sentences = expected.RootElement.GetProperty("text").EnumerateArray().Select(static text => text.GetString()!).ToArray();
        var vectors = Floats(expected, "emb");
        foreach (var actual in TogetherAndOneByOne(model, TestTensor.Text("text", new TensorShape(3), sentences), "embedding"))
        {
            AssertClose(vectors, actual, Tolerance);
        }

        // A batch of eight, of which each sentence has its place.
        var eight = OnnxModels.Run(model, TestTensor.Text("text", new TensorShape(8), [.. Enumerable.Range(0, 8).Select(i => sentences[i % 3])]))["embedding"];
        AssertClose([.. Enumerable.Range(0, 8).SelectMany(i => vectors.Skip(i % 3 * 96).Take(96))], eight.As<float>(), Tolerance);
    }

    [Theory]
    [InlineData(new byte[] { 0xFF, 0xFE, 0x41 })]
    [InlineData(new byte[] { 0xC3 })]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 })]
    [InlineData(new byte[] { 0x00, 0x41, 0x00 })]
    [InlineData(new byte[0])]
    public void TextEmbedding_BytesThatAreNoText_FailOrAnswerAndStayUsable(byte[] text)
    {
        using var model = OnnxModels.Load(RepositoryFiles.SampleModel("text_embedding"));
        var before = OnnxModels.Run(model, TestTensor.Text("text", new TensorShape(1), "taxes"))["embedding"].As<float>();
        try
        {
            Assert.Equal(96, OnnxModels.Run(model, TestTensor.Bytes("text", new TensorShape(1), text))["embedding"].As<float>().Length);
        }
        catch (Abstractions.Errors.BackendException error)
        {
            OnnxModels.AssertDiscreet(error.Message);
        }

        Assert.Equal(before, OnnxModels.Run(model, TestTensor.Text("text", new TensorShape(1), "taxes"))["embedding"].As<float>());
    }

    private static IEnumerable<float[]> TogetherAndOneByOne(IBackendModel model, TestTensor input, string output)
    {
        yield return Values(OnnxModels.Run(model, input)[output]);
        yield return [.. Enumerable.Range(0, (int)input.Shape[0]).SelectMany(row => Values(OnnxModels.Run(model, input.Row(row))[output]))];
    }

    private static float[] Values(TestTensor tensor) =>
        tensor.DataType == TensorDataType.Fp16 ? [.. tensor.As<Half>().Select(static value => (float)value)] : tensor.As<float>();

    private static IEnumerable<int> Largest(float[] values, int columns) =>
        values.Chunk(columns).Select(static row => Array.IndexOf(row, row.Max()));

    private static void AssertClose(float[] expected, float[] actual, float tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], tolerance);
        }
    }

    private static JsonDocument Read(string name) => JsonDocument.Parse(File.ReadAllBytes(RepositoryFiles.TestData(name)));

    private static float[] Floats(JsonDocument document, string name) =>
        [.. document.RootElement.GetProperty(name).EnumerateArray().Select(static value => value.GetSingle())];
}
