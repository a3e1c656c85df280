using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Testing.Trees;
using Xunit;

namespace InferenceServer.Backends.LightGbm.Tests;

public sealed class PredictionTests
{
    private static readonly TestTensor s_all = TestTensor.Fp32("features", new TensorShape(BreastCancer.Count, BreastCancer.Features), BreastCancer.Rows);

    [Fact]
    public void BreastCancer_EveryRow_GivesWhatTheTreesAddUpTo()
    {
        using var model = LightGbmModels.Load(LightGbmModels.BreastCancer);
        var probabilities = SingleRun.Of(model, s_all, "probabilities")["probabilities"];
        Assert.Equal(new TensorShape(BreastCancer.Count, 1), probabilities.Shape);
        AssertClose(BreastCancer.Expected("bc_lgbm_pred.csv"), probabilities.As<double>());
    }

    [Fact]
    public void BreastCancer_Signature_IsReadFromTheText()
    {
        using var model = LightGbmModels.Load(LightGbmModels.BreastCancer);
        Assert.Equal([new TensorSpec("features", TensorDataType.Fp32, new TensorShape(-1, 30))], model.Signature.Inputs);
        Assert.Equal(
            [
                new TensorSpec("probabilities", TensorDataType.Fp64, new TensorShape(-1, 1)),
                new TensorSpec("raw", TensorDataType.Fp64, new TensorShape(-1, 1)) { IsOptional = true },
                new TensorSpec("leaves", TensorDataType.Int32, new TensorShape(-1, 60)) { IsOptional = true },
                new TensorSpec("contributions", TensorDataType.Fp64, new TensorShape(-1, 1, 31)) { IsOptional = true },
            ],
            model.Signature.Outputs);
    }

    [Fact]
    public void BreastCancer_InputDeclaredAsFp64_GivesTheSame()
    {
        var context = LightGbmModels.Context(LightGbmModels.BreastCancer) with { DeclaredInputs = [new TensorSpec("features", TensorDataType.Fp64, new TensorShape(-1, 30))] };
        using var model = LightGbmModels.Load(context);
        Assert.Equal(TensorDataType.Fp64, model.Signature.Inputs[0].DataType);
        double[] rows = [.. BreastCancer.Rows.Select(static value => (double)value)];
        var input = TestTensor.Of("features", TensorDataType.Fp64, s_all.Shape, rows.AsSpan());
        AssertClose(BreastCancer.Expected("bc_lgbm_pred.csv"), SingleRun.Of(model, input)["probabilities"].As<double>());
    }

    [Fact]
    public void BreastCancer_Raw_IsWhatTheProbabilitiesAreMadeOf()
    {
        using var model = LightGbmModels.Load(LightGbmModels.BreastCancer);
        var outputs = SingleRun.Of(model, s_all, "probabilities", "raw");
        Assert.Equal(2, outputs.Count);
        AssertClose(outputs["probabilities"].As<double>(), [.. outputs["raw"].As<double>().Select(static sum => 1 / (1 + Math.Exp(-sum)))]);
    }

    [Theory]
    [InlineData("breast cancer", 30)]
    [InlineData("three classes", 7)]
    public void Contributions_OfARow_AddUpToItsRawScore(string which, int features)
    {
        using var model = LightGbmModels.Load(which == "breast cancer" ? LightGbmModels.BreastCancer : LightGbmModels.ThreeClasses);
        var input = which == "breast cancer" ? s_all : LightGbmModels.Made(20, features);
        var outputs = SingleRun.Of(model, input, "raw", "contributions");
        var groups = outputs["raw"].Shape[1];
        Assert.Equal(new TensorShape(input.Shape[0], groups, features + 1), outputs["contributions"].Shape);
        AssertClose(outputs["raw"].As<double>(), [.. outputs["contributions"].As<double>().Chunk(features + 1).Select(static parts => parts.Sum())]);
        Assert.Contains(outputs["contributions"].As<double>(), static part => part > 0.01);
    }

    [Fact]
    public void ThreeClasses_Probabilities_AddUpToOneAndFollowTheRawScores()
    {
        using var model = LightGbmModels.Load(LightGbmModels.ThreeClasses);
        var outputs = SingleRun.Of(model, LightGbmModels.Made(20, 7));
        Assert.Equal(new TensorShape(20, 3), outputs["probabilities"].Shape);
        foreach (var (probabilities, raw) in outputs["probabilities"].As<double>().Chunk(3).Zip(outputs["raw"].As<double>().Chunk(3)))
        {
            var all = raw.Sum(Math.Exp);
            AssertClose([.. raw.Select(sum => Math.Exp(sum) / all)], probabilities);
        }
    }

    [Fact]
    public void Leaves_OfEveryTree_AreThoseThatTheScoreComesFrom()
    {
        using var model = LightGbmModels.Load(LightGbmModels.BreastCancer);
        var outputs = SingleRun.Of(model, s_all, "raw", "leaves");
        Assert.Equal(new TensorShape(BreastCancer.Count, 60), outputs["leaves"].Shape);
        var values = File.ReadLines(LightGbmModels.BreastCancer).Where(static line => line.StartsWith("leaf_value=", StringComparison.Ordinal))
            .Select(static line => line["leaf_value=".Length..].Split(' ').Select(static number => double.Parse(number, System.Globalization.CultureInfo.InvariantCulture)).ToArray()).ToArray();
        var sums = outputs["leaves"].As<int>().Chunk(60).Select(leaves => leaves.Select((leaf, tree) => values[tree][leaf]).Sum());
        AssertClose(outputs["raw"].As<double>(), [.. sums]);
    }

    [Fact]
    public void Features_NotANumber_CountAsMissing()
    {
        using var model = LightGbmModels.Load(LightGbmModels.BreastCancer);
        var row = BreastCancer.Row(0);
        var whole = SingleRun.Of(model, TestTensor.Fp32("features", new TensorShape(1, 30), row))["probabilities"].As<double>();
        Array.Fill(row, float.NaN);
        var without = SingleRun.Of(model, TestTensor.Fp32("features", new TensorShape(1, 30), row))["probabilities"].As<double>();
        Assert.InRange(without[0], 0, 1);
        Assert.NotEqual(whole, without);
    }

    [Theory]
    [InlineData(4, "probabilities")]
    [InlineData(4, "values")]
    public void OtherTrees_AnyFeatures_GiveNumbers(int features, string output)
    {
        // Lists of categories, and leaves with a linear model of their own.
        using var model = LightGbmModels.Load(output == "values" ? LightGbmModels.Linear : LightGbmModels.Categories);
        var count = (int)model.Signature.Inputs[0].Shape[1];
        Assert.InRange(count, features, features + 1);
        var numbers = SingleRun.Of(model, LightGbmModels.Made(30, count), output)[output].As<double>();
        Assert.All(numbers, static number => Assert.True(double.IsFinite(number)));
        Assert.NotEqual(numbers.Min(), numbers.Max());
    }

    [Fact]
    public void NoRows_EveryOutput_IsEmpty()
    {
        using var model = LightGbmModels.Load(LightGbmModels.BreastCancer);
        var outputs = SingleRun.Of(model, TestTensor.Fp32("features", new TensorShape(0, 30)));
        Assert.Equal(4, outputs.Count);
        Assert.All(outputs.Values, static output => Assert.Equal(0, output.Shape[0]));
    }

    [Fact]
    public void Threads_ManyRows_GiveTheSameBitForBit()
    {
        using var alone = LightGbmModels.Load(LightGbmModels.BreastCancer);
        using var divided = LightGbmModels.Load(LightGbmModels.BreastCancer, ("num_threads", "4"));
        var expected = SingleRun.Of(alone, s_all);
        var actual = SingleRun.Of(divided, s_all);
        Assert.All(expected, pair => Assert.Equal(pair.Value.Data.ToArray(), actual[pair.Key].Data.ToArray()));
    }

    [Theory]
    [InlineData(29)]
    [InlineData(31)]
    [InlineData(0)]
    public void Features_WrongNumber_SaysWhatWasExpectedAndWhatCame(int features)
    {
        using var model = LightGbmModels.Load(LightGbmModels.BreastCancer);
        var error = Assert.Throws<BackendException>(() => SingleRun.Of(model, LightGbmModels.Made(2, features)));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Equal($"input 'features': expected FP32 of the shape [-1,30], got FP32 of the shape [2,{features}]", error.Message);
    }

    [Fact]
    public void CreateInstance_OnAGpu_SaysWhatToDo()
    {
        using var model = LightGbmModels.Load(LightGbmModels.BreastCancer);
        var error = Assert.Throws<BackendException>(() => model.CreateInstance(new InstancePlacement("trees_0", InstanceKind.Gpu, 1)));
        Assert.Equal(ErrorCode.Unsupported, error.Code);
        Assert.Contains("KIND_CPU", error.Message, StringComparison.Ordinal);
    }

    private static void AssertClose(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], 1e-9);
        }
    }
}
