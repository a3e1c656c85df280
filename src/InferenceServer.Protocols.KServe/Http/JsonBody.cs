using System.Buffers;
using InferenceServer.Abstractions.Errors;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>The whole body of a request of the control plane, in pooled memory that goes back when it is disposed.</summary>
internal sealed class JsonBody : IDisposable
{
    private byte[]? _array;
    private readonly int _length;

    private JsonBody(byte[]? array, int length, InferenceError? error)
    {
        _array = array;
        _length = length;
        Error = error;
    }

    /// <summary>Why there is no body to read; null when there is one, which may be empty.</summary>
    public InferenceError? Error { get; }

    /// <summary>The body.</summary>
    public ReadOnlySpan<byte> Text => _array.AsSpan(0, _length);

    /// <summary>Reads the body of a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="limit">The most bytes that it may have.</param>
    /// <param name="cancellationToken">Signalled when the client has gone.</param>
    /// <exception cref="BadHttpRequestException">The body breaks the rules of HTTP.</exception>
    public static async ValueTask<JsonBody> ReadAsync(HttpRequest request, int limit, CancellationToken cancellationToken)
    {
        if (request.ContentLength > limit)
        {
            return new JsonBody(null, 0, RequestErrors.Limit("request JSON size", request.ContentLength.Value, limit));
        }

        var (array, length) = await BodyReading.ReadAllAsync(request.BodyReader, limit, cancellationToken);
        if (length <= limit)
        {
            return new JsonBody(array, length, null);
        }

        ArrayPool<byte>.Shared.Return(array);
        return new JsonBody(null, 0, RequestErrors.OpenEndedLimit("request JSON size", limit));
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _array, null) is { } array)
        {
            ArrayPool<byte>.Shared.Return(array);
        }
    }
}
