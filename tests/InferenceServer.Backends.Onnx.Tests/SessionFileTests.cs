using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Backends.TestKit.Logs;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Onnx;
using Xunit;

namespace InferenceServer.Backends.Onnx.Tests;

/// <summary>Free dimensions, profiles, libraries of operators and the report of what runs where.</summary>
public sealed class SessionFileTests
{
    private static readonly string s_digits = RepositoryFiles.SampleModel("digits");

    [Fact]
    public void Load_FreeDimensionGiven_IsFixedInTheSignatureAndInRuns()
    {
        using var model = OnnxModels.Load(Pair(), ("free_dimension.width", "3"));
        Assert.Equal(new TensorShape(-1, 3), model.Signature.Inputs[0].Shape);
        Assert.Equal([-1f, -2, -3], OnnxModels.Run(model, TestTensor.Fp32("x", new TensorShape(1, 3), 1, 2, 3))["y"].As<float>());
        Assert.Equal(ErrorCode.InvalidArgument, OnnxModels.RunFails(model, TestTensor.Fp32("x", new TensorShape(1, 2), 1, 2)).Code);
    }

    [Theory]
    [InlineData("free_dimension.widht", "3", "for 'widht', which no input has; free are batch, width")]
    [InlineData("free_dimension_denotation.DATA_BATCH", "3", "for 'DATA_BATCH', which no input has")]
    [InlineData("free_dimension.width", "0", "'free_dimension.width': expected the name of a dimension and a whole number from 1, got '0'")]
    [InlineData("free_dimension.", "3", "'free_dimension.': expected the name")]
    public void Load_WrongFreeDimension_SaysWhatThereIs(string key, string value, string words)
    {
        var error = OnnxModels.LoadFails(Pair().Build(), (key, value));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_Profiled_WritesAProfileThatNamesTheNodesInTheServersFolder()
    {
        using var folder = new TemporaryDirectory();
        var context = Context(("profile-folder", folder.FullPath), ("enable_profiling", "1")) with { ModelName = "a/b" };
        using (var model = OnnxModels.Load(context))
        {
            OnnxModels.Run(model, TestTensor.Fp32("image", new TensorShape(1, 1, 8, 8), new float[64]));
        }

        var file = Assert.Single(Directory.GetFiles(folder.FullPath));
        Assert.StartsWith("a_b_1", Path.GetFileName(file), StringComparison.Ordinal);
        Assert.Contains("CPUExecutionProvider", File.ReadAllText(file), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "", "enable_profiling", "1", "'enable_profiling'|profile-folder=<folder>")]
    [InlineData("", "", "custom_op_libraries", "a.so", "'custom_op_libraries'|custom-op-folder=<folder>")]
    [InlineData("custom-op-folder", "/opt/ops", "custom_op_libraries", "../a.so", "plain names|got '../a.so'")]
    [InlineData("custom-op-folder", "/opt/ops", "custom_op_libraries", "a.so,", "plain names|got ''")]
    public void Load_FilesThatTheServerDoesNotAllow_SaysWhatAllowsThem(string setting, string folder, string key, string value, string words)
    {
        var error = OnnxModels.LoadFails(Context((setting, folder), (key, value)));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.All(words.Split('|'), word => Assert.Contains(word, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Load_LibraryThatIsNotThereOrIsNone_NamesItWithoutItsFolder()
    {
        using var folder = new TemporaryDirectory();
        folder.Write("text.so", "no library");
        foreach (var name in new[] { "missing.so", "text.so" })
        {
            var error = OnnxModels.LoadFails(Context(("custom-op-folder", folder.FullPath), ("custom_op_libraries", name)));
            Assert.Contains(name, error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(folder.FullPath, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Load_LibraryInTritonsField_FollowsTheSameRules()
    {
        using var folder = new TemporaryDirectory();
        var context = OnnxModels.Context(s_digits) with { OperatorLibraries = ["ops.so"] };
        Assert.Contains("model_operations.op_library_filename: expected the server to run with the backend setting custom-op-folder=<folder>", OnnxModels.LoadFails(context).Message, StringComparison.Ordinal);
        context = context with { BackendSettings = new Dictionary<string, string> { ["custom-op-folder"] = folder.FullPath } };
        Assert.Contains("ops.so", OnnxModels.LoadFails(context).Message, StringComparison.Ordinal);
        var error = OnnxModels.LoadFails(context with { OperatorLibraries = ["../ops.so"] });
        Assert.Contains("model_operations.op_library_filename: expected plain names of files in the server's folder for them, got '../ops.so'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1", null)]
    [InlineData("0", null)]
    [InlineData("yes", "use_deterministic_compute")]
    public void Load_DeterministicCompute_ReachesTheEngine(string value, string? refusal)
    {
        if (refusal is not null)
        {
            Assert.Contains(refusal, OnnxModels.LoadFails(OnnxModels.Context(s_digits, ("session.use_deterministic_compute", value))).Message, StringComparison.Ordinal);
            return;
        }

        using var model = OnnxModels.Load(s_digits, ("session.use_deterministic_compute", value));
        var image = TestTensor.Fp32("image", new TensorShape(1, 1, 8, 8), new float[64]);
        Assert.Equal(OnnxModels.Run(model, image)["probs"].As<float>(), OnnxModels.Run(model, image)["probs"].As<float>());
    }

    [Fact]
    public void Load_PlacementAskedFor_IsLoggedAndNothingElseIs()
    {
        var context = OnnxModels.Context(s_digits, ("report_placement", "1"));
        using var model = OnnxModels.Load(context);
        Assert.Contains("CPUExecutionProvider", Assert.Single(((RecordingBackendLog)context.Log).Infos), StringComparison.Ordinal);
    }

    private static OnnxModelBuilder Pair() => new OnnxModelBuilder()
        .Input("x", OnnxElementType.Float, "batch", "width")
        .Output("y", OnnxElementType.Float, "batch", "width")
        .Node("Neg", ["x"], ["y"]);

    private static ModelLoadContext Context((string Key, string Value) setting, (string Key, string Value) parameter) =>
        OnnxModels.Context(s_digits, parameter) with { BackendSettings = new Dictionary<string, string> { [setting.Key] = setting.Value } };
}
