using System.Collections.Immutable;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.Onnx.Signatures;
using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx.Executions;

/// <summary>Puts sequences and maps into tensors. What they hold is copied, since each piece has memory of its own.</summary>
internal static class Flattener
{
    // The engine keeps the keys of a map and its values in this order.
    private const int Keys = 0;
    private const int Values = 1;

    /// <summary>Gives the batch what it wants of the value.</summary>
    /// <exception cref="BackendException">The pieces are not of one shape.</exception>
    public static void Give(OrtValue value, EngineOutput output, ImmutableArray<TensorSpec> specs, ExecutionBatch batch)
    {
        switch (output.Form)
        {
            case OutputForm.Pieces:
                using (var pieces = Pieces.Of(value))
                {
                    Stack(pieces, output.Place, specs[output.Place], batch);
                }

                break;
            case OutputForm.MapRows:
                using (var rows = Pieces.Of(value))
                {
                    GiveParts(rows, Values, output.Place, specs, batch);
                    GiveParts(rows, Keys, output.Place + 1, specs, batch);
                }

                break;
            case OutputForm.Map:
                GivePart(value, Values, output.Place, specs, batch);
                GivePart(value, Keys, output.Place + 1, specs, batch);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(output), output.Form, "not a value that consists of others");
        }
    }

    private static void GiveParts(Pieces rows, int part, int place, ImmutableArray<TensorSpec> specs, ExecutionBatch batch)
    {
        if (batch.IsRequested(place))
        {
            using var parts = Pieces.PartsOf(rows, part);
            Stack(parts, place, specs[place], batch);
        }
    }

    private static void GivePart(OrtValue map, int part, int place, ImmutableArray<TensorSpec> specs, ExecutionBatch batch)
    {
        if (batch.IsRequested(place))
        {
            using var tensor = map.GetValue(part, OrtAllocator.DefaultInstance);
            Write([tensor], OutputCollector.ReadShape(specs[place], tensor), place, specs[place].DataType, batch);
        }
    }

    private static void Stack(Pieces pieces, int place, TensorSpec spec, ExecutionBatch batch)
    {
        var shape = pieces.Count == 0 ? Empty(spec) : OutputCollector.ReadShape(spec, pieces[0]);
        if (shape.Rank == TensorShape.MaxRank)
        {
            throw new BackendException(
                ErrorCode.Unsupported, $"output '{spec.Name}' is a sequence of tensors of {TensorShape.MaxRank} dimensions, expected at most {TensorShape.MaxRank - 1}");
        }

        for (var i = 1; i < pieces.Count; i++)
        {
            if (OutputCollector.ReadShape(spec, pieces[i]) is var other && other != shape)
            {
                throw new BackendException(
                    ErrorCode.Unsupported,
                    $"output '{spec.Name}' is a sequence that is put into one tensor, so its pieces must be of one shape: number 0 is of the shape {shape}, number {i} of {other}");
            }
        }

        Write(pieces.All, shape.Prepend(pieces.Count), place, spec.DataType, batch);
    }

    private static TensorShape Empty(TensorSpec spec)
    {
        Span<long> shape = stackalloc long[Math.Max(0, spec.Shape.Rank - 1)];
        for (var i = 0; i < shape.Length; i++)
        {
            shape[i] = Math.Max(0, spec.Shape[i + 1]);
        }

        return new TensorShape(shape);
    }

    private static void Write(ReadOnlySpan<OrtValue> pieces, in TensorShape shape, int place, TensorDataType type, ExecutionBatch batch)
    {
        if (type == TensorDataType.Bytes)
        {
            StringTensors.Write(pieces, place, shape, batch);
            return;
        }

        var length = 0L;
        foreach (var piece in pieces)
        {
            length += piece.GetTensorSizeInBytes();
        }

        var memory = batch.AllocateOutput(place, shape, length);
        var offset = 0L;
        foreach (var piece in pieces)
        {
            var data = piece.GetTensorMutableRawData();
            data.CopyTo(memory.Slice(offset, data.Length));
            offset += data.Length;
        }
    }
}
