using System.Globalization;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Testing.Files;
using Microsoft.ML;
using Microsoft.ML.Data;
using Xunit;

namespace InferenceServer.Backends.MLNet.Tests;

/// <summary>Whole pipelines, against what ML.NET itself says.</summary>
public sealed class PipelineTests
{
    private static readonly string s_breastCancer = RepositoryFiles.TestData("trees/bc_mlnet.zip");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task BreastCancer_EqualsWhatTheLibrarySays()
    {
        using var model = await SavedModel.OpenAsync(s_breastCancer);
        Assert.Equal("Label? Bool[-1,1]; Features Fp32[-1,30] -> Features? Fp32[-1,30]; PredictedLabel Bool[-1,1]; Score Fp32[-1,1]; Probability Fp32[-1,1]", model.Describe());
        var (labels, features) = ReadTestRows();
        using var batch = model.Run([TestTensor.Fp32("Features", new TensorShape(labels.Length, 30), features)], "PredictedLabel", "Score", "Probability");

        var pipeline = SavedModel.Context.Model.Load(s_breastCancer, out _);
        var data = SavedModel.Context.Data.LoadFromEnumerable(labels.Select((label, row) => new Patient { Label = label, Features = features[(row * 30)..((row + 1) * 30)] }));
        var expected = pipeline.Transform(data);
        Assert.Equal(expected.GetColumn<float>("Score"), batch.Output("Score").As<float>());
        Assert.Equal(expected.GetColumn<float>("Probability"), batch.Output("Probability").As<float>());
        var predicted = batch.Output("PredictedLabel").As<bool>();
        Assert.Equal(expected.GetColumn<bool>("PredictedLabel"), predicted);
        Assert.InRange(predicted.Zip(labels).Count(static pair => pair.First == pair.Second) / (double)labels.Length, 0.93, 1);
    }

    [Fact]
    public async Task InputThatIsNotNeeded_MayBeGiven()
    {
        using var model = await SavedModel.OpenAsync(s_breastCancer);
        var (_, features) = ReadTestRows();
        var row = TestTensor.Fp32("Features", new TensorShape(1, 30), features.AsSpan(0, 30));
        using var without = model.Run([row], "Score");
        using var with = model.Run([TestTensor.Of("Label", TensorDataType.Bool, new TensorShape(1, 1), true), row], "Score");
        Assert.Equal(without.Output("Score").As<float>(), with.Output("Score").As<float>());
    }

    [Fact]
    public async Task Batch_EqualsItsSingles()
    {
        using var model = await SavedModel.OpenAsync(s_breastCancer);
        var (labels, features) = ReadTestRows();
        using var together = model.Run([TestTensor.Fp32("Features", new TensorShape(labels.Length, 30), features)], "Score");
        var singles = Enumerable.Range(0, labels.Length).Select(row =>
        {
            using var single = model.Run([TestTensor.Fp32("Features", new TensorShape(1, 30), features.AsSpan(row * 30, 30))], "Score");
            return single.Output("Score").As<float>()[0];
        });
        Assert.Equal(together.Output("Score").As<float>(), singles);
    }

    [Fact]
    public async Task TextsAndCategories_AsNamedInputs()
    {
        var transforms = SavedModel.Context.Transforms;
        Ticket[] rows = [.. Enumerable.Range(0, 60).Select(static i => new Ticket
        {
            Words = (i % 3) switch { 0 => "the screen is dark", 1 => "my bill is wrong", _ => "where is my parcel" },
            Urgent = i % 2 == 0,
            Area = (i % 3) switch { 0 => "hardware", 1 => "billing", _ => "shipping" },
        })];
        IEstimator<ITransformer> pipeline = transforms.Conversion.MapValueToKey("Label", "Area")
            .Append(transforms.Text.FeaturizeText("Bag", "Words"))
            .Append(transforms.Conversion.ConvertType("UrgentNumber", "Urgent", DataKind.Single))
            .Append(transforms.Concatenate("Features", "Bag", "UrgentNumber"))
            .Append(SavedModel.Context.MulticlassClassification.Trainers.SdcaMaximumEntropy())
            .Append(transforms.Conversion.MapKeyToValue("Predicted", "PredictedLabel"));
        using var model = await SavedModel.FitAsync(rows, pipeline);
        Assert.StartsWith("Words Bytes[-1,1]; Urgent Bool[-1,1]; Area? Bytes[-1,1] -> ", model.Describe(), StringComparison.Ordinal);
        Assert.Contains("Predicted Bytes[-1,1]", model.Describe(), StringComparison.Ordinal);
        Assert.Contains("Bag? Fp32[", model.Describe(), StringComparison.Ordinal);
        using var batch = model.Run(
            [TestTensor.Text("Words", new TensorShape(3, 1), "my bill", "a parcel", "dark screen"), TestTensor.Of("Urgent", TensorDataType.Bool, new TensorShape(3, 1), true, false, true)],
            "Predicted",
            "Score");
        Assert.Equal(["billing", "shipping", "hardware"], batch.Output("Predicted").Texts());
        Assert.Equal(new TensorShape(3, 3), batch.Output("Score").Shape);
        Assert.All(batch.Output("Score").As<float>().Chunk(3), static scores => Assert.Equal(1, scores.Sum(), 1e-5));
    }

    [Fact]
    public async Task TwoInstances_OnTwoThreads_EachGetsItsOwnRows()
    {
        using var model = await SavedModel.OpenAsync(s_breastCancer);
        var (labels, features) = ReadTestRows();
        using var all = model.Run([TestTensor.Fp32("Features", new TensorShape(labels.Length, 30), features)], "Score");
        var expected = all.Output("Score").As<float>();
        await Task.WhenAll(Enumerable.Range(0, 2).Select(lane => Task.Run(() =>
        {
            using var instance = model.Model.CreateInstance(SavedModel.Placement(lane));
            for (var round = 0; round < 300; round++)
            {
                var row = ((round * 7) + lane) % labels.Length;
                using var batch = new TestExecutionBatch(model.Model.Signature, model.Allocator, [TestTensor.Fp32("Features", new TensorShape(1, 30), features.AsSpan(row * 30, 30))], ["Score"]);
                instance.Execute(batch);
                Assert.Equal(expected[row], batch.Output("Score").As<float>()[0]);
            }
        }, Token)));
    }

    [Fact]
    public async Task Cancelled_Stops()
    {
        using var model = await SavedModel.OpenAsync(s_breastCancer);
        var (_, features) = ReadTestRows();
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();
        var row = TestTensor.Fp32("Features", new TensorShape(1, 30), features.AsSpan(0, 30));
        Assert.Equal(ErrorCode.Cancelled, Assert.Throws<BackendException>(() => model.RunCancellable([row], gone.Token).Dispose()).Code);
        using var again = model.Run([row]);
        Assert.True(again.HasOutput("Score"));
    }

    [Fact]
    public async Task FileThatIsBroken_IsSaid()
    {
        var whole = await File.ReadAllBytesAsync(s_breastCancer, Token);
        using var folder = new TemporaryDirectory();
        var random = new Random(11);
        for (var i = 0; i < 200; i++)
        {
            var broken = i switch
            {
                0 => [],
                1 => "PK"u8.ToArray(),
                2 => "this is no archive"u8.ToArray(),
                < 60 => whole[..random.Next(whole.Length)],
                _ => Mutate(whole, random),
            };
            var file = folder.Write($"{i}.zip", broken);
            try
            {
                // Some bytes matter to nobody.
                (await SavedModel.LoadAsync(file)).Dispose();
                Assert.True(i >= 60, $"a file of which a part is missing was loaded, cut to {broken.Length} of {whole.Length} bytes");
            }
            catch (BackendException exception)
            {
                Assert.StartsWith($"'{i}.zip' ", exception.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Gpu_IsRefused()
    {
        using var model = await SavedModel.OpenAsync(s_breastCancer);
        var error = Assert.Throws<BackendException>(() => model.Model.CreateInstance(new InstancePlacement("m_0", InstanceKind.Gpu, 0)));
        Assert.Contains("KIND_GPU", error.Message, StringComparison.Ordinal);
    }

    private static byte[] Mutate(byte[] whole, Random random)
    {
        var copy = whole.ToArray();
        for (var i = random.Next(1, 8); i > 0; i--)
        {
            copy[random.Next(copy.Length)] = (byte)random.Next(256);
        }

        return copy;
    }

    private static (bool[] Labels, float[] Features) ReadTestRows()
    {
        var cells = File.ReadAllLines(RepositoryFiles.TestData("trees/bc_test.csv")).Select(static line => line.Split(',')).ToArray();
        return ([.. cells.Select(static row => row[0] == "1")], [.. cells.SelectMany(static row => row.Skip(1).Select(static cell => float.Parse(cell, CultureInfo.InvariantCulture)))]);
    }

    private sealed class Patient
    {
        public bool Label { get; set; }

        [VectorType(30)]
        public float[] Features { get; set; } = [];
    }

    private sealed class Ticket
    {
        public string Words { get; set; } = "";

        public bool Urgent { get; set; }

        public string Area { get; set; } = "";
    }
}
