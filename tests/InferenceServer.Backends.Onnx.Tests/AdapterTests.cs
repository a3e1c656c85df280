using CsCheck;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.Onnx.Adapters;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Backends.TestKit.Memory;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Onnx;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace InferenceServer.Backends.Onnx.Tests;

/// <summary>Adapters beside a model, and executions that choose among them.</summary>
public sealed class AdapterTests : IDisposable
{
    private static readonly float[] s_red = [1, 1, 10, 20];
    private static readonly float[] s_blue = [2, 0, 1, 3];
    private static readonly float[] s_input = [1, 2];

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Execute_WithEachAdapterAndWithNone_GivesWhatTheMergedWeightsGive()
    {
        using var model = Load(("red", AdaptedModel.Adapter(s_red)), ("blue", AdaptedModel.Adapter(s_blue)));
        Assert.Equal("lora_name", model.Signature.Variants!.Parameter);
        Assert.Equal(["blue", "red"], model.Signature.Variants.Names.Order());
        using var instance = model.CreateInstance(OnnxModels.Placement);
        foreach (var (name, adapter) in new (string?, float[]?)[] { ("red", s_red), (null, null), ("blue", s_blue), ("red", s_red), (null, null) })
        {
            Assert.Equal(AdaptedModel.Merged(s_input, adapter), Execute(model, instance, name));
        }
    }

    [Fact]
    public void Execute_WithAnAdapter_GivesWhatTheEnginesOwnReadingOfTheFileGives()
    {
        var file = AdaptedModel.Adapter(s_red);
        using var session = new InferenceSession(AdaptedModel.Build());
        using var adapter = OrtLoraAdapter.Create(file, null);
        using var options = new RunOptions();
        options.AddActiveLoraAdapter(adapter);
        using var input = OrtValue.CreateTensorValueFromMemory((float[])[1, 2], [1, 2]);
        using var outputs = session.Run(options, ["x"], [input], ["y"]);
        using var model = Load(("red", file));
        using var instance = model.CreateInstance(OnnxModels.Placement);
        Assert.Equal(outputs[0].GetTensorDataAsSpan<float>().ToArray(), Execute(model, instance, "red"));
    }

    [Fact]
    public void Execute_TwoAdaptersOfDifferentInputs_HoldTogether()
    {
        using var model = Load(("a", new OnnxAdapterBuilder().Floats("lora_A", [2, 1], 1, 1).Build()), ("b", new OnnxAdapterBuilder().Floats("lora_B", [1, 2], 10, 20).Build()), ("red", AdaptedModel.Adapter(s_red)));
        using var instance = model.CreateInstance(OnnxModels.Placement);
        Assert.Equal(AdaptedModel.Merged(s_input, s_red), Execute(model, instance, "a,b"));
        var error = Assert.Throws<BackendException>(() => Execute(model, instance, "a,red"));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Equal("parameter 'lora_name': the adapter 'red' gives the input 'lora_A', and the adapter 'a' gives it too", error.Message);
        Assert.Equal(AdaptedModel.Merged(s_input, s_red), Execute(model, instance, "red"));
    }

    [Fact]
    public void Execute_RequestThatGivesWhatItsAdapterGives_IsRefused()
    {
        using var model = Load(("red", AdaptedModel.Adapter(s_red)));
        using var instance = model.CreateInstance(OnnxModels.Placement);
        var error = Assert.Throws<BackendException>(() => Execute(model, instance, "red", TestTensor.Fp32("lora_B", new TensorShape(1, 2), 0, 0)));
        Assert.Equal("parameter 'lora_name': the adapter 'red' gives the input 'lora_B', and the request gives it too", error.Message);
    }

    [Fact]
    public async Task Execute_OnManyLanesAtOnce_EachHasItsOwnAdapter()
    {
        using var model = Load(("red", AdaptedModel.Adapter(s_red)), ("blue", AdaptedModel.Adapter(s_blue)));
        await Task.WhenAll(new (string? Name, float[]? Adapter)[] { ("red", s_red), ("blue", s_blue), (null, null), ("red", s_red) }.Select(chosen => Task.Run(() =>
        {
            using var instance = model.CreateInstance(OnnxModels.Placement);
            for (var i = 0; i < 300; i++)
            {
                Assert.Equal(AdaptedModel.Merged(s_input, chosen.Adapter), Execute(model, instance, chosen.Name));
            }
        })));
    }

    [Fact]
    public void Load_FromAKeptGraph_HasTheAdapters()
    {
        Write(("red", AdaptedModel.Adapter(s_red)));
        for (var load = 0; load < 2; load++)
        {
            var context = Context() with { BackendSettings = new Dictionary<string, string> { ["optimized-graph-folder"] = Path.Combine(_directory.FullPath, "cache") } };
            using var model = OnnxModels.Load(context);
            using var instance = model.CreateInstance(OnnxModels.Placement);
            Assert.Equal(AdaptedModel.Merged(s_input, s_red), Execute(model, instance, "red"));
            Assert.Equal(AdaptedModel.Merged(s_input, null), Execute(model, instance, null));
        }
    }

    [Fact]
    public void Load_WrongAdapters_NamesAllOfThemAndWhatWasExpected()
    {
        Write(
            ("unknown", new OnnxAdapterBuilder().Floats("lora_C", [2, 1], 1, 1).Build()),
            ("required", new OnnxAdapterBuilder().Floats("x", [1, 2], 1, 1).Build()),
            ("shape", new OnnxAdapterBuilder().Floats("lora_A", [3, 1], 1, 1, 1).Build()),
            ("type", new OnnxAdapterBuilder().Raw("lora_A", OnnxElementType.Int32, [2, 1], new byte[8]).Build()),
            ("twice", new OnnxAdapterBuilder().Floats("lora_A", [2, 1], 1, 1).Floats("lora_A", [2, 1], 1, 1).Build()),
            ("short", new OnnxAdapterBuilder().Floats("lora_A", [2, 2], 1, 1).Build()),
            ("later", new OnnxAdapterBuilder(formatVersion: 2).Floats("lora_A", [2, 1], 1, 1).Build()),
            ("empty", new OnnxAdapterBuilder().Build()),
            ("text", "no adapter"u8.ToArray()),
            ("two words", AdaptedModel.Adapter(s_red)));
        var error = OnnxModels.LoadFails(Context());
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        string[] expected =
        [
            "'adapters/unknown.onnx_adapter' gives 'lora_C': expected optional inputs of the model, which are 'lora_A', 'lora_B'",
            "'adapters/required.onnx_adapter' gives 'x': expected optional inputs",
            "'adapters/shape.onnx_adapter' gives 'lora_A' as FP32 [3,1], expected FP32 [2,-1]",
            "'adapters/type.onnx_adapter' gives 'lora_A' as INT32 [2,1], expected FP32 [2,-1]",
            "'adapters/twice.onnx_adapter' gives 'lora_A' twice",
            "'adapters/short.onnx_adapter' cannot be loaded: its parameter 'lora_A' of the type FP32 and shape [2,2] has 8 bytes, expected 16",
            "'adapters/later.onnx_adapter' cannot be loaded: it has version 2 of its format, expected 1",
            "'adapters/empty.onnx_adapter' cannot be loaded: it has no parameters",
            "'adapters/text.onnx_adapter' cannot be loaded: it is no adapter in the .onnx_adapter format",
            "'adapters/two words.onnx_adapter': expected a name of 1 to 128 letters",
        ];
        Assert.All(expected, words => Assert.Contains(words, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Load_ModelWithoutAdapters_OffersNone()
    {
        _directory.Write("1/adapters/README.md", "no adapter");
        using var model = Load();
        Assert.Empty(model.Signature.Variants!.Names);
    }

    [Fact]
    public void Read_AnyBytes_IsReadOrRefused()
    {
        var file = AdaptedModel.Adapter(s_red);
        Gen.Select(Gen.Int[0, file.Length - 1], Gen.Byte, Gen.Int[0, file.Length - 1], Gen.Byte, Gen.Int[0, file.Length]).Sample(
            change =>
            {
                var bytes = file.ToArray();
                bytes[change.Item1] = change.Item2;
                bytes[change.Item3] = change.Item4;
                bytes = bytes[..change.Item5];
                try
                {
                    // Whatever it says lies within the file.
                    return AdapterFile.Read(bytes).All(tensor => tensor.Start >= 0 && tensor.Length >= 0 && tensor.Start + tensor.Length <= bytes.Length);
                }
                catch (InvalidDataException)
                {
                    return true;
                }
            },
            iter: 20_000);
    }

    private IBackendModel Load(params (string Name, byte[] File)[] adapters)
    {
        Write(adapters);
        return OnnxModels.Load(Context());
    }

    private void Write(params (string Name, byte[] File)[] adapters)
    {
        foreach (var (name, file) in adapters)
        {
            _directory.Write($"1/adapters/{name}.onnx_adapter", file);
        }
    }

    private ModelLoadContext Context() => OnnxModels.Context(_directory.Write("1/model.onnx", AdaptedModel.Build()));

    private float[] Execute(IBackendModel model, IModelInstance instance, string? variant, params TestTensor[] more)
    {
        var allocator = new NativeTensorAllocator();
        using var batch = new TestExecutionBatch(model.Signature, allocator, [TestTensor.Fp32("x", new TensorShape(1, 2), s_input), .. more]) { ChosenVariant = variant };
        instance.Execute(batch);
        return batch.Output("y").As<float>();
    }
}
