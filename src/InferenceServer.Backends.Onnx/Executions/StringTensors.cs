using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx.Executions;

/// <summary>
/// Carries elements between the length-prefixed layout and the engine's strings. The engine keeps bytes with a length, so NUL bytes and
/// bytes that are no UTF-8 survive both ways; what an operator makes of the latter is its own affair.
/// </summary>
internal static class StringTensors
{
    /// <summary>Makes the engine's tensor of an input.</summary>
    /// <exception cref="BackendException">The data does not hold as many elements as the shape says.</exception>
    public static OrtValue Read(in TensorView input)
    {
        var rest = (ReadOnlySpan<byte>)input.Span;

        // Checked before the engine makes that many strings: each element takes its prefix at least.
        if (!input.Shape.TryGetElementCount(out var count) || count > rest.Length / BytesTensor.PrefixSize)
        {
            throw Mismatch(input);
        }

        var value = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, input.Shape.AsSpan().ToArray());
        try
        {
            for (var i = 0; i < count; i++)
            {
                if (!BytesTensor.TryReadNext(ref rest, out var element))
                {
                    throw Mismatch(input);
                }

                if (!element.IsEmpty)
                {
                    value.StringTensorSetElementAt(element, i);
                }
            }

            return rest.IsEmpty ? value : throw Mismatch(input);
        }
        catch
        {
            value.Dispose();
            throw;
        }
    }

    /// <summary>Writes the engine's tensors one after the other as one output of the batch.</summary>
    public static void Write(ReadOnlySpan<OrtValue> values, int output, in TensorShape shape, ExecutionBatch batch)
    {
        var length = 0L;
        foreach (var value in values)
        {
            var count = Count(value);
            for (var i = 0; i < count; i++)
            {
                length += BytesTensor.PrefixSize + value.GetStringElementAsSpan(i).Length;
            }
        }

        var rest = batch.AllocateOutput(output, shape, length).Slice(0, checked((int)length));
        foreach (var value in values)
        {
            var count = Count(value);
            for (var i = 0; i < count; i++)
            {
                rest = rest[BytesTensor.Write(rest, value.GetStringElementAsSpan(i))..];
            }
        }
    }

    private static long Count(OrtValue value) => value.GetTensorTypeAndShape().ElementCount;

    private static BackendException Mismatch(in TensorView input)
    {
        input.Shape.TryGetElementCount(out var expected);
        var whole = BytesTensor.TryCount(input.Span, out var elements) ? "" : " and then a piece of one";
        return new BackendException(
            ErrorCode.InvalidArgument,
            $"input '{input.Name}' of the type BYTES and shape {input.Shape}: expected {expected} elements with a length in front of each, got {elements}{whole}");
    }
}
