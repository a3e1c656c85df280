using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Configuration;
using InferenceServer.FuzzTests.Engine;
using InferenceServer.Protocols.KServe.Compression;
using InferenceServer.Protocols.KServe.Generate;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.Tests.Http;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.FuzzTests.Targets;

/// <summary>Reads a body as the route does, in pieces, and sees that no memory stays rented and none beyond the limits is asked for.</summary>
internal static class BodyReader
{
    private delegate InferenceError? Reading(HttpRequest request, CountingAllocator allocator, InferHeader header);

    /// <summary>The limits are small, so that inputs reach them.</summary>
    public const int MaxInputSize = 1 << 14;

    public const int MaxRequestBytes = 1 << 15;

    private static readonly KServeHttpOptions s_options = new() { MaxInputSize = MaxInputSize, MaxRequestBytes = MaxRequestBytes };

    /// <summary>Reads the body of an inference request.</summary>
    /// <returns>What came of it: <c>read</c> and the tensors, or the form of the refusal.</returns>
    public static string Read(byte[] body, ModelConfig model, string? headerLength, bool isLengthKnown, bool isCompressed, int piece, string? contentType = null) => Read(body, isLengthKnown, piece, (request, allocator, header) =>
    {
        request.ContentType = contentType;
        if (headerLength is not null)
        {
            request.Headers[InferResponseWriter.HeaderLengthName] = headerLength;
        }

        var error = isCompressed ? Done(InflatedBody.ReplaceAsync(request, MaxInputSize)) : null;
        return error ?? Done(new InferRequestReader(allocator, s_options).ReadAsync(request, model, header));
    });

    /// <summary>Reads the body of a generate request.</summary>
    /// <returns>What came of it: <c>read</c> and the tensors, or the form of the refusal.</returns>
    public static string ReadGenerate(byte[] body, ModelConfig model, bool isLengthKnown, int piece) => Read(body, isLengthKnown, piece, (request, allocator, header) =>
    {
        var error = Done(new WholeBody(allocator, MaxInputSize).ReadAsync(request, new GenerateRequestReader(allocator, s_options), model, header));
        Check.That(error is not null || header.Inputs.Sum(static input => input.Data!.Length) <= MaxInputSize, "the inputs take more than the limit together");
        return error;
    });

    /// <summary>What came of it without the tensors' contents.</summary>
    public static string Form(string outcome) => outcome.StartsWith("read", StringComparison.Ordinal) ? "read" : outcome;

    private static string Read(byte[] body, bool isLengthKnown, int piece, Reading reading)
    {
        var context = new DefaultHttpContext();
        context.Request.Body = new DribblingStream(body, piece, 1 + (piece / 2));
        context.Request.ContentLength = isLengthKnown ? body.Length : null;
        var allocator = new CountingAllocator();
        try
        {
            return Read(context.Request, allocator, reading);
        }
        catch (UnusableBodyException exception)
        {
            return Check.IsClean(exception.Error);
        }
        catch (BadHttpRequestException exception)
        {
            Check.That(exception.StatusCode == StatusCodes.Status413PayloadTooLarge, $"status {exception.StatusCode}: {exception.Message}");
            return "too large";
        }
        finally
        {
            context.Request.Body.Dispose();
            Check.That(allocator.Rented == 0, $"{allocator.Rented} buffers are still rented");
            Check.That(allocator.Largest <= MaxRequestBytes + 4, $"{allocator.Largest} bytes were rented");
        }
    }

    private static string Read(HttpRequest request, CountingAllocator allocator, Reading reading)
    {
        using var header = new InferHeader();
        if (reading(request, allocator, header) is { } error)
        {
            return Check.IsClean(error);
        }

        foreach (var input in header.Inputs)
        {
            Check.That(input.Data is not null, $"input '{input.Head.Name}' has no data");
            Check.That(header.Inputs.Count <= s_options.MaxTensors, $"{header.Inputs.Count} inputs");
        }

        return "read " + string.Join(' ', header.Inputs.Select(static input => $"{input.Head.DataType} {input.Head.Shape} {Convert.ToHexString(input.Data!.Span[..(int)Math.Min(input.Data.Length, 64)])}"));
    }

    private static InferenceError? Done(ValueTask<InferenceError?> reading)
    {
        Check.That(reading.IsCompleted, "it waits for more although all is there");
        return reading.GetAwaiter().GetResult();
    }
}
