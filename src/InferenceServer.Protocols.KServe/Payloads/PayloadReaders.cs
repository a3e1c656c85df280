using InferenceServer.Abstractions.Tensors;
using InferenceServer.Protocols.KServe.Http;

namespace InferenceServer.Protocols.KServe.Payloads;

/// <summary>What reads each kind of body that an inference request can have.</summary>
internal sealed class PayloadReaders
{
    private readonly PlainTextReader _text;
    private readonly PlainTextReader _foreignText;
    private readonly NpyPayloadReader _npy;

    public PayloadReaders(ITensorAllocator allocator, KServeHttpOptions options)
    {
        Json = new InferHeaderReader(allocator, options);
        _text = new PlainTextReader(allocator, options.MaxInputSize, Json, isUtf8: true);
        _foreignText = new PlainTextReader(allocator, options.MaxInputSize, Json, isUtf8: false);
        _npy = new NpyPayloadReader(allocator, options.MaxInputSize);
    }

    /// <summary>The reader of the protocol's own requests.</summary>
    public InferHeaderReader Json { get; }

    /// <summary>The reader of a body of that content type.</summary>
    public IBodyReader Choose(string? contentType) => PayloadKinds.Of(contentType) switch
    {
        PayloadKind.Npy => _npy,
        PayloadKind.Text => _text,
        PayloadKind.ForeignText => _foreignText,
        _ => Json,
    };
}
