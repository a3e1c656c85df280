using System.Buffers;
using System.Buffers.Binary;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Protocols.KServe.Compression;
using InferenceServer.Protocols.KServe.Payloads;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>
/// Reads the body of an inference request: JSON alone; JSON and after it the bytes of tensors, which go straight into their memory;
/// nothing but the bytes of the only input (KServe v2 and its binary tensor data extension); or what people have at hand.
/// </summary>
internal sealed class InferRequestReader(ITensorAllocator allocator, KServeHttpOptions options)
{
    private readonly PayloadReaders _payloads = new(allocator, options);
    private readonly WholeBody _whole = new(options.MaxInputSize);

    /// <summary>Reads everything into <paramref name="header"/>, which is to be disposed also when the result is not null.</summary>
    /// <exception cref="BadHttpRequestException">A body of unknown length turned out to be too long.</exception>
    public async ValueTask<InferenceError?> ReadAsync(HttpRequest request, ModelConfig model, InferHeader header)
    {
        var error = HeaderLength.Read(request, out var length);
        return error is not null ? error : length switch
        {
            null => await ReadWholeAsync(request, model, header),
            0 => await ReadRawAsync(request, model, header),
            { } json => await ReadMixedAsync(request, json, model, header),
        };
    }

    private async ValueTask<InferenceError?> ReadWholeAsync(HttpRequest request, ModelConfig model, InferHeader header)
    {
        if (await _whole.ReadAsync(request, _payloads.Choose(request.ContentType), model, header) is { } error)
        {
            return error;
        }

        // There are no bytes behind the JSON: an input that counts on some can only be empty.
        return RentTails(model, header, 0, out _);
    }

    private async ValueTask<InferenceError?> ReadMixedAsync(HttpRequest request, int length, ModelConfig model, InferHeader header)
    {
        if (length > options.MaxInputSize)
        {
            return RequestErrors.Limit("request JSON size", length, options.MaxInputSize);
        }

        if (await WholeBody.ReadStartAsync(request, length, _payloads.Json, model, header) is { } error)
        {
            return error;
        }

        error = request.ContentLength is { } whole
            ? RentTails(model, header, whole - length, out var surplus)
            : RentOpenEndedTails(request.Body as InflatedBody, length, model, header, out surplus);
        if (error is not null)
        {
            return error;
        }

        if (request.ContentLength is not null && surplus > 0)
        {
            return RequestErrors.Surplus(model.Name);
        }

        for (var i = 0; i < header.Inputs.Count; i++)
        {
            var input = header.Inputs[i];
            if (input.BinarySize == 0)
            {
                continue;
            }

            var read = await BodyReading.FillAsync(request.BodyReader, input.Data!, 0);
            if (read < input.BinarySize)
            {
                return RequestErrors.TailCutShort(input.Head.Name, input.BinarySize - read, model.Name);
            }
        }

        return request.ContentLength is null && !await BodyReading.IsAtEndAsync(request.BodyReader)
            ? RequestErrors.Surplus(model.Name)
            : null;
    }

    private InferenceError? RentOpenEndedTails(InflatedBody? inflated, int length, ModelConfig model, InferHeader header, out long surplus) =>
        RentTails(model, header, (inflated?.Limit ?? options.MaxRequestBytes) - length, out surplus) is null
            ? null
            : inflated is not null ? RequestErrors.InflatedLimit(inflated.Limit)
            : throw new BadHttpRequestException($"the inputs exceed the maximum of {options.MaxRequestBytes} bytes for one request", StatusCodes.Status413PayloadTooLarge);

    /// <summary>Rents the memory of the inputs that come as bytes, after all their sizes have been found to fit in what is there.</summary>
    private InferenceError? RentTails(ModelConfig model, InferHeader header, long available, out long surplus)
    {
        surplus = available;
        foreach (var input in header.Inputs)
        {
            if (input.BinarySize > surplus)
            {
                return RequestErrors.TailCutShort(input.Head.Name, input.BinarySize - surplus, model.Name);
            }

            surplus -= input.BinarySize;
        }

        for (var i = 0; i < header.Inputs.Count; i++)
        {
            if (header.Inputs[i] is { Data: null, Source: null })
            {
                header.Inputs[i] = header.Inputs[i] with { Data = allocator.Rent(header.Inputs[i].BinarySize) };
            }
        }

        return null;
    }

    private async ValueTask<InferenceError?> ReadRawAsync(HttpRequest request, ModelConfig model, InferHeader header)
    {
        if (RawShape.Deduce(model, 0, out var head) is { } error)
        {
            return error;
        }

        if (request.ContentLength > options.MaxInputSize)
        {
            return RequestErrors.TensorLimit(head.Name, request.ContentLength.Value, options.MaxInputSize);
        }

        header.SendsBinary = true;
        var prefix = head.DataType == TensorDataType.Bytes ? BytesTensor.PrefixSize : 0;
        TensorBuffer buffer;
        if (request.ContentLength is { } length)
        {
            buffer = allocator.Rent(prefix + length);
            header.Inputs.Add(new HeaderInput(head, buffer, length));
            var read = await BodyReading.FillAsync(request.BodyReader, buffer, prefix);
            if (read < length)
            {
                return RequestErrors.TailCutShort(head.Name, length - read, model.Name);
            }
        }
        else
        {
            var (bytes, all) = await BodyReading.ReadAllAsync(request.BodyReader, options.MaxInputSize);
            try
            {
                if (all > options.MaxInputSize)
                {
                    return RequestErrors.OpenEndedLimit("raw input", options.MaxInputSize);
                }

                length = all;
                buffer = allocator.Rent(prefix + length);
                header.Inputs.Add(new HeaderInput(head, buffer, length));
                bytes.AsSpan(0, all).CopyTo(buffer.Span[prefix..]);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(bytes);
            }
        }

        if (prefix > 0)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(buffer.Span, (uint)length);
        }

        error = RawShape.Deduce(model, length, out head);
        header.Inputs[0] = header.Inputs[0] with { Head = head };
        return error;
    }
}
