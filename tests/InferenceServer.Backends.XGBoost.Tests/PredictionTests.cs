using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Testing.Trees;
using Xunit;

namespace InferenceServer.Backends.XGBoost.Tests;

public sealed class PredictionTests
{
    private static readonly TestTensor s_all = TestTensor.Fp32("features", new TensorShape(BreastCancer.Count, BreastCancer.Features), BreastCancer.Rows);

    public PredictionTests() => XGBoostModels.NeedLibrary();

    [Theory]
    [InlineData("json")]
    [InlineData("ubj")]
    [InlineData("binary")]
    public void BreastCancer_EveryFormat_GivesTheExpectedProbabilities(string format)
    {
        using var model = XGBoostModels.Load(format switch { "ubj" => XGBoostModels.Ubj, "binary" => XGBoostModels.Binary, _ => XGBoostModels.BreastCancer });
        var probabilities = SingleRun.Of(model, s_all, "probabilities")["probabilities"];
        Assert.Equal(new TensorShape(BreastCancer.Count, 1), probabilities.Shape);
        AssertClose(BreastCancer.Expected("bc_xgb_pred.csv"), probabilities.As<float>(), 1e-6);
    }

    [Fact]
    public void BreastCancer_EveryFormat_GivesTheSameBitForBit()
    {
        using var json = XGBoostModels.Load(XGBoostModels.BreastCancer);
        using var ubj = XGBoostModels.Load(XGBoostModels.Ubj);
        using var binary = XGBoostModels.Load(XGBoostModels.Binary);
        var expected = SingleRun.Of(json, s_all);
        foreach (var actual in new[] { SingleRun.Of(ubj, s_all), SingleRun.Of(binary, s_all) })
        {
            Assert.All(expected, pair => Assert.Equal(pair.Value.Data.ToArray(), actual[pair.Key].Data.ToArray()));
        }
    }

    [Fact]
    public void BreastCancer_Signature_IsReadFromTheFile()
    {
        using var model = XGBoostModels.Load(XGBoostModels.BreastCancer);
        Assert.Equal([new TensorSpec("features", TensorDataType.Fp32, new TensorShape(-1, 30))], model.Signature.Inputs);
        Assert.Equal(
            [
                new TensorSpec("probabilities", TensorDataType.Fp32, new TensorShape(-1, 1)),
                new TensorSpec("raw", TensorDataType.Fp32, new TensorShape(-1, 1)) { IsOptional = true },
                new TensorSpec("leaves", TensorDataType.Int32, new TensorShape(-1, 50)) { IsOptional = true },
                new TensorSpec("contributions", TensorDataType.Fp32, new TensorShape(-1, 1, 31)) { IsOptional = true },
            ],
            model.Signature.Outputs);
    }

    [Fact]
    public void BreastCancer_InputDeclaredAsFp64_GivesTheSame()
    {
        var context = XGBoostModels.Context(XGBoostModels.BreastCancer) with { DeclaredInputs = [new TensorSpec("features", TensorDataType.Fp64, new TensorShape(-1, 30))] };
        using var model = XGBoostModels.Load(context);
        double[] rows = [.. BreastCancer.Rows.Select(static value => (double)value)];
        var outputs = SingleRun.Of(model, TestTensor.Of("features", TensorDataType.Fp64, s_all.Shape, rows.AsSpan()));
        using var single = XGBoostModels.Load(XGBoostModels.BreastCancer);
        Assert.All(SingleRun.Of(single, s_all), pair => Assert.Equal(pair.Value.Data.ToArray(), outputs[pair.Key].Data.ToArray()));
    }

    [Fact]
    public void BreastCancer_Raw_IsWhatTheProbabilitiesAreMadeOf()
    {
        using var model = XGBoostModels.Load(XGBoostModels.BreastCancer);
        var outputs = SingleRun.Of(model, s_all, "probabilities", "raw");
        AssertClose([.. outputs["raw"].As<float>().Select(static sum => 1 / (1 + Math.Exp(-sum)))], outputs["probabilities"].As<float>(), 1e-6);
    }

    [Fact]
    public void BreastCancer_Contributions_AddUpToTheRawScore()
    {
        using var model = XGBoostModels.Load(XGBoostModels.BreastCancer);
        var outputs = SingleRun.Of(model, s_all, "raw", "contributions");
        Assert.Equal(new TensorShape(BreastCancer.Count, 1, 31), outputs["contributions"].Shape);
        AssertClose([.. outputs["contributions"].As<float>().Chunk(31).Select(static parts => parts.Sum(static part => (double)part))], outputs["raw"].As<float>(), 1e-4);
        Assert.Contains(outputs["contributions"].As<float>(), static part => part > 0.01f);
    }

    [Fact]
    public void BreastCancer_Leaves_AreNodesOfTheTrees()
    {
        using var model = XGBoostModels.Load(XGBoostModels.BreastCancer);
        var leaves = SingleRun.Of(model, s_all, "leaves")["leaves"];
        Assert.Equal(new TensorShape(BreastCancer.Count, 50), leaves.Shape);
        using var file = System.Text.Json.JsonDocument.Parse(File.ReadAllBytes(XGBoostModels.BreastCancer));
        var trees = file.RootElement.GetProperty("learner").GetProperty("gradient_booster").GetProperty("model").GetProperty("trees").EnumerateArray()
            .Select(static tree => (Left: Numbers(tree, "left_children"), Value: Numbers(tree, "split_conditions"))).ToArray();
        var raw = SingleRun.Of(model, s_all, "raw")["raw"].As<float>();
        var sums = leaves.As<int>().Chunk(50).Select(row => row.Select((leaf, tree) =>
        {
            Assert.Equal(-1, trees[tree].Left[leaf]);
            return trees[tree].Value[leaf];
        }).Sum());

        // The base score of 0.5 adds nothing to the sum.
        AssertClose([.. sums], raw, 1e-4);
    }

    [Fact]
    public void Iris_Probabilities_AddUpToOneAndFollowTheRawScores()
    {
        using var model = XGBoostModels.Load(XGBoostModels.Iris);
        var outputs = SingleRun.Of(model, TestTensor.Fp32("features", new TensorShape(3, 4), 5.1f, 3.5f, 1.4f, 0.2f, 6.0f, 2.7f, 4.5f, 1.5f, 6.7f, 3.3f, 5.7f, 2.5f));
        Assert.Equal(new TensorShape(3, 3), outputs["probabilities"].Shape);
        Assert.Equal(new TensorShape(3, 3, 5), outputs["contributions"].Shape);
        Assert.Equal(new TensorShape(3, 60), outputs["leaves"].Shape);
        var rows = outputs["probabilities"].As<float>().Chunk(3).ToArray();

        // A setosa, a versicolor and a virginica.
        Assert.Equal([0, 1, 2], rows.Select(static row => Array.IndexOf(row, row.Max())));
        foreach (var (probabilities, raw) in rows.Zip(outputs["raw"].As<float>().Chunk(3)))
        {
            var all = raw.Sum(static sum => Math.Exp(sum));
            AssertClose([.. raw.Select(sum => Math.Exp(sum) / all)], probabilities, 1e-6);
        }

        var sums = outputs["contributions"].As<float>().Chunk(5).Select(static parts => parts.Sum(static part => (double)part));
        AssertClose([.. sums], outputs["raw"].As<float>(), 1e-4);
    }

    [Fact]
    public void Iris_ObjectiveThatTellsTheClass_GivesOneValueAndAllRawScores()
    {
        using var model = XGBoostModels.LoadText(File.ReadAllText(XGBoostModels.Iris).Replace("multi:softprob", "multi:softmax", StringComparison.Ordinal));
        var outputs = SingleRun.Of(model, TestTensor.Fp32("features", new TensorShape(3, 4), 5.1f, 3.5f, 1.4f, 0.2f, 6.0f, 2.7f, 4.5f, 1.5f, 6.7f, 3.3f, 5.7f, 2.5f));
        Assert.Equal(new TensorShape(3, 1), outputs["values"].Shape);
        Assert.Equal([0f, 1f, 2f], outputs["values"].As<float>());
        Assert.Equal(new TensorShape(3, 3), outputs["raw"].Shape);
    }

    [Fact]
    public void Features_NotANumber_CountAsMissing()
    {
        using var model = XGBoostModels.Load(XGBoostModels.BreastCancer);
        var row = BreastCancer.Row(0);
        var whole = SingleRun.Of(model, TestTensor.Fp32("features", new TensorShape(1, 30), row))["probabilities"].As<float>();
        Array.Fill(row, float.NaN);
        var without = SingleRun.Of(model, TestTensor.Fp32("features", new TensorShape(1, 30), row))["probabilities"].As<float>();
        Assert.InRange(without[0], 0f, 1f);
        Assert.NotEqual(whole, without);
    }

    [Fact]
    public void NoRows_EveryOutput_IsEmpty()
    {
        using var model = XGBoostModels.Load(XGBoostModels.BreastCancer);
        var outputs = SingleRun.Of(model, TestTensor.Fp32("features", new TensorShape(0, 30)));
        Assert.Equal(4, outputs.Count);
        Assert.All(outputs.Values, static output => Assert.Equal(0, output.Shape[0]));
    }

    [Fact]
    public void Threads_ManyRows_GiveTheSameBitForBit()
    {
        using var alone = XGBoostModels.Load(XGBoostModels.BreastCancer);
        using var several = XGBoostModels.Load(XGBoostModels.BreastCancer, ("num_threads", "4"));
        var actual = SingleRun.Of(several, s_all);
        Assert.All(SingleRun.Of(alone, s_all), pair => Assert.Equal(pair.Value.Data.ToArray(), actual[pair.Key].Data.ToArray()));
    }

    [Theory]
    [InlineData(29)]
    [InlineData(31)]
    [InlineData(0)]
    public void Features_WrongNumber_SaysWhatWasExpectedAndWhatCame(int features)
    {
        using var model = XGBoostModels.Load(XGBoostModels.BreastCancer);
        var error = Assert.Throws<BackendException>(() => SingleRun.Of(model, XGBoostModels.Made(2, features)));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Equal($"input 'features': expected FP32 of the shape [-1,30], got FP32 of the shape [2,{features}]", error.Message);
    }

    private static double[] Numbers(System.Text.Json.JsonElement tree, string name) => [.. tree.GetProperty(name).EnumerateArray().Select(static number => number.GetDouble())];

    private static void AssertClose(double[] expected, float[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], tolerance);
        }
    }
}
