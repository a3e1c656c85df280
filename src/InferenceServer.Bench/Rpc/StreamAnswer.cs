using System.Text;
using InferenceServer.Bench.Http;

namespace InferenceServer.Bench.Rpc;

/// <summary>What a load tool must know of a message on a stream, read without building the message.</summary>
internal readonly ref struct StreamAnswer
{
    private const int ErrorField = 1;
    private const int ResponseField = 2;
    private const int IdField = 3;
    private const int ParametersField = 4;
    private const int OutputsField = 5;
    private const int RawContentsField = 6;
    private const int LengthDelimited = 2;

    private StreamAnswer(ReadOnlySpan<byte> id, string? error, bool isFinal, bool hasOutputs, int digest)
    {
        Id = id;
        Error = error;
        IsFinal = isFinal;
        HasOutputs = hasOutputs;
        Digest = digest;
    }

    /// <summary>The id of the request; empty when the server did not repeat it.</summary>
    public ReadOnlySpan<byte> Id { get; }

    /// <summary>Why the request failed; null when it did not.</summary>
    public string? Error { get; }

    /// <summary>Whether nothing more comes for the request. True too where the server does not say.</summary>
    public bool IsFinal { get; }

    public bool HasOutputs { get; }

    /// <summary>The same for the same outputs, within this process; id and parameters do not count.</summary>
    public int Digest { get; }

    /// <exception cref="BadResponseException">The bytes are no ModelStreamInferResponse.</exception>
    public static StreamAnswer Read(ReadOnlySpan<byte> message)
    {
        string? error = null;
        ReadOnlySpan<byte> id = [];
        var (isFinal, hasOutputs) = (true, false);
        var digest = new HashCode();
        var fields = new ProtobufFields(message);
        while (fields.TryNext(out var field, out var wireType, out var content))
        {
            if (field == ErrorField && wireType == LengthDelimited && content.Length > 0)
            {
                error = Encoding.UTF8.GetString(content);
            }
            else if (field == ResponseField && wireType == LengthDelimited)
            {
                ReadResponse(content, ref id, ref isFinal, ref hasOutputs, ref digest);
            }
        }

        return new StreamAnswer(id, error, isFinal, hasOutputs, digest.ToHashCode());
    }

    private static void ReadResponse(ReadOnlySpan<byte> message, ref ReadOnlySpan<byte> id, ref bool isFinal, ref bool hasOutputs, ref HashCode digest)
    {
        var fields = new ProtobufFields(message);
        while (fields.TryNext(out var field, out var wireType, out var content))
        {
            if (wireType != LengthDelimited)
            {
                continue;
            }

            if (field == IdField)
            {
                id = content;
            }
            else if (field == ParametersField)
            {
                ReadParameter(content, ref isFinal);
            }
            else if (field is OutputsField or RawContentsField)
            {
                hasOutputs = true;
                digest.AddBytes(content);
            }
        }
    }

    /// <summary>An entry of a map is a message: the key is field 1, the value field 2, in which a boolean is field 1. A false one may be left out.</summary>
    private static void ReadParameter(ReadOnlySpan<byte> entry, ref bool isFinal)
    {
        ReadOnlySpan<byte> name = [];
        var value = false;
        var fields = new ProtobufFields(entry);
        while (fields.TryNext(out var field, out var wireType, out var content))
        {
            if (field == 1 && wireType == LengthDelimited)
            {
                name = content;
            }
            else if (field == 2 && wireType == LengthDelimited)
            {
                var parts = new ProtobufFields(content);
                while (parts.TryNext(out var part, out var partType, out var bytes))
                {
                    value = part == 1 && partType == 0 ? bytes is [not 0] : value;
                }
            }
        }

        if (name.SequenceEqual("triton_final_response"u8))
        {
            isFinal = value;
        }
    }
}
