using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Backends.TestKit.Contract;
using Microsoft.ML;
using Microsoft.ML.Data;
using Xunit;

namespace InferenceServer.Backends.MLNet.Tests;

/// <summary>Columns of every type as tensors and back.</summary>
public sealed class ColumnTests
{
    public static TheoryData<TensorDataType> Types =>
    [
        TensorDataType.Bool, TensorDataType.Int8, TensorDataType.Int16, TensorDataType.Int32, TensorDataType.Int64, TensorDataType.UInt8,
        TensorDataType.UInt16, TensorDataType.UInt32, TensorDataType.UInt64, TensorDataType.Fp32, TensorDataType.Fp64, TensorDataType.Bytes,
    ];

    [Theory]
    [MemberData(nameof(Types))]
    public async Task Values_ComeBackBitForBit(TensorDataType type)
    {
        using var model = await LoadAsync(type);
        Assert.Equal($"V {type}[-1,4]; S {type}[-1,1] -> VOut {type}[-1,4]; SOut {type}[-1,1]", model.Describe());
        var scalars = ContractValues.Of(type, "S", new TensorShape(ContractValues.Count, 1));
        var vectors = Join("V", [scalars, scalars, scalars, scalars], new TensorShape(ContractValues.Count, 4));
        using var batch = model.Run([vectors, scalars]);
        Assert.Equal((vectors.Shape, scalars.Shape), (batch.Output("VOut").Shape, batch.Output("SOut").Shape));
        Assert.Equal(vectors.Data.ToArray(), batch.Output("VOut").Data.ToArray());
        Assert.Equal(scalars.Data.ToArray(), batch.Output("SOut").Data.ToArray());

        // The next execution has rows of its own, though they stand in the same places.
        using var other = model.Run([vectors.Row(1), scalars.Row(1)]);
        Assert.Equal(scalars.Row(1).Data.ToArray(), other.Output("SOut").Data.ToArray());
        Assert.Equal(vectors.Row(1).Data.ToArray(), other.Output("VOut").Data.ToArray());
    }

    [Theory]
    [MemberData(nameof(Types))]
    public async Task NoRows_GiveNoRows(TensorDataType type)
    {
        using var model = await LoadAsync(type);
        using var batch = model.Run([new TestTensor("V", type, new TensorShape(0, 4), []), new TestTensor("S", type, new TensorShape(0, 1), [])]);
        Assert.Equal(new TensorShape(0, 4), batch.Output("VOut").Shape);
        Assert.Equal(new TensorShape(0, 1), batch.Output("SOut").Shape);
    }

    [Fact]
    public async Task VectorOfAnyLength_TakesWhatTheExecutionHas()
    {
        using var model = await SavedModel.FitAsync([new TextRow { Text = "a b" }], SavedModel.Context.Transforms.Text.TokenizeIntoWords("Words", "Text"));
        Assert.Equal("Text Bytes[-1,1] -> Words Bytes[-1,-1]", model.Describe());
        using var batch = model.Run([TestTensor.Text("Text", new TensorShape(2, 1), "eins zwei drei", "vier f\u00fcnf \U0001F600")]);
        Assert.Equal(new TensorShape(2, 3), batch.Output("Words").Shape);
        Assert.Equal(["eins", "zwei", "drei", "vier", "f\u00fcnf", "\U0001F600"], batch.Output("Words").Texts());
        var error = Assert.Throws<BackendException>(() => model.Run([TestTensor.Text("Text", new TensorShape(2, 1), "a b", "c")]).Dispose());
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Contains("'Words' has 2 elements in one row and 1 in another", error.Message, StringComparison.Ordinal);
        using var again = model.Run([TestTensor.Text("Text", new TensorShape(1, 1), "x y")]);
        Assert.Equal(["x", "y"], again.Output("Words").Texts());
    }

    [Fact]
    public async Task TextThatIsNoUtf8_IsRefusedWithItsPlace()
    {
        using var model = await LoadAsync(TensorDataType.Bytes);
        var error = Assert.Throws<BackendException>(() => model.Run([TestTensor.Bytes("V", new TensorShape(1, 4), "a"u8.ToArray(), [0xFF], [], []), TestTensor.Text("S", new TensorShape(1, 1), "x")]).Dispose());
        Assert.Contains("texts in UTF-8 in input 'V', and element 1 is none", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_AreNumbersOfTheirCategories()
    {
        using var model = await SavedModel.FitAsync([new TextRow { Text = "red" }, new TextRow { Text = "green" }], SavedModel.Context.Transforms.Conversion.MapValueToKey("Key", "Text"));
        Assert.Equal("Text Bytes[-1,1] -> Key UInt32[-1,1]", model.Describe());
        using var batch = model.Run([TestTensor.Text("Text", new TensorShape(3, 1), "green", "red", "blue")]);
        Assert.Equal([2u, 1u, 0u], batch.Output("Key").As<uint>());
    }

    [Fact]
    public async Task ColumnThatNoTensorHolds_IsLeftOutOrRefused()
    {
        // It is not needed, and so neither sent nor answered.
        using (var model = await SavedModel.FitAsync([new TimeRow { Text = "x" }], SavedModel.Context.Transforms.CopyColumns("Copy", "Text")))
        {
            Assert.Equal("Text Bytes[-1,1] -> Copy Bytes[-1,1]", model.Describe());
        }

        var error = await Assert.ThrowsAsync<BackendException>(() => SavedModel.FitAsync([new TimeRow { Text = "x" }], SavedModel.Context.Transforms.CopyColumns("Copy", "When")));
        Assert.Equal(ErrorCode.Unsupported, error.Code);
        Assert.Contains("needs the column 'When' of the type DateTime, which no tensor can hold", error.Message, StringComparison.Ordinal);
    }

    private static TestTensor Join(string name, TestTensor[] parts, TensorShape shape) => new(name, parts[0].DataType, shape, [.. parts.SelectMany(static part => part.Data.ToArray())]);

    private static Task<SavedModel> LoadAsync(TensorDataType type) => type switch
    {
        TensorDataType.Bool => CopyAsync<bool>(),
        TensorDataType.Int8 => CopyAsync<sbyte>(),
        TensorDataType.Int16 => CopyAsync<short>(),
        TensorDataType.Int32 => CopyAsync<int>(),
        TensorDataType.Int64 => CopyAsync<long>(),
        TensorDataType.UInt8 => CopyAsync<byte>(),
        TensorDataType.UInt16 => CopyAsync<ushort>(),
        TensorDataType.UInt32 => CopyAsync<uint>(),
        TensorDataType.UInt64 => CopyAsync<ulong>(),
        TensorDataType.Fp32 => CopyAsync<float>(),
        TensorDataType.Fp64 => CopyAsync<double>(),
        _ => CopyAsync("", "a", "b", "c", "d"),
    };

    private static Task<SavedModel> CopyAsync<T>()
        where T : struct => CopyAsync(default(T), default, default, default, default);

    private static Task<SavedModel> CopyAsync<T>(T scalar, params T[] vector) => SavedModel.FitAsync(
        [new Row<T> { V = vector, S = scalar }], SavedModel.Context.Transforms.CopyColumns("VOut", "V").Append(SavedModel.Context.Transforms.CopyColumns("SOut", "S")));

    private sealed class Row<T>
    {
        [VectorType(4)]
        public T[] V { get; set; } = [];

        public T S { get; set; } = default!;
    }

    private sealed class TextRow
    {
        public string Text { get; set; } = "";
    }

    private sealed class TimeRow
    {
        public string Text { get; set; } = "";

        public DateTime When { get; set; }
    }
}
