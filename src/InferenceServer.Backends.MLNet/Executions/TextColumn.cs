using System.Text;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using Microsoft.ML.Data;

namespace InferenceServer.Backends.MLNet.Executions;

/// <summary>An input of texts, in UTF-8.</summary>
internal sealed class TextColumn(DataViewType type) : InputColumn<ReadOnlyMemory<char>>(type, ReadOnlyMemory<char>.Empty)
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ReadOnlyMemory<char>[] _texts = [];

    /// <inheritdoc />
    protected override ReadOnlySpan<ReadOnlyMemory<char>> All => _texts;

    /// <inheritdoc />
    protected override void Take(in TensorView tensor)
    {
        var texts = new List<ReadOnlyMemory<char>>();
        var rest = tensor.Buffer is null ? [] : (ReadOnlySpan<byte>)tensor.Span;
        while (BytesTensor.TryReadNext(ref rest, out var element))
        {
            texts.Add(Decode(tensor.Name, texts.Count, element).AsMemory());
        }

        _texts = [.. texts];
    }

    private static string Decode(string input, int place, ReadOnlySpan<byte> element)
    {
        try
        {
            return s_strict.GetString(element);
        }
        catch (DecoderFallbackException exception)
        {
            throw new BackendException(ErrorCode.InvalidArgument, $"expected texts in UTF-8 in input '{input}', and element {place} is none", exception);
        }
    }
}
