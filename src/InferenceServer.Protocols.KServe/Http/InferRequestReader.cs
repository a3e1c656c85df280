using System.Buffers.Binary;
using System.Runtime.InteropServices;
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
    private readonly WholeBody _whole = new(allocator, options.MaxInputSize);
    private readonly BodyCollector _collector = new(allocator);

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
        if (MeasureTails(model, header, 0, out _) is { } missing)
        {
            return missing;
        }

        RentTails(header);
        return null;
    }

    private async ValueTask<InferenceError?> ReadMixedAsync(HttpRequest request, int length, ModelConfig model, InferHeader header)
    {
        if (length > options.MaxInputSize)
        {
            return RequestErrors.Limit("request JSON size", length, options.MaxInputSize);
        }

        if (await header.Room.GrowToAsync(length) is { } full)
        {
            return full;
        }

        if (await _whole.ReadStartAsync(request, length, _payloads.Json, model, header) is { } error)
        {
            return error;
        }

        error = request.ContentLength is { } whole
            ? MeasureTails(model, header, whole - length, out var surplus)
            : MeasureOpenEndedTails(request.Body as InflatedBody, length, model, header, out surplus);
        if (error is not null)
        {
            return error;
        }

        if (request.ContentLength is not null && surplus > 0)
        {
            return RequestErrors.Surplus(model.Name);
        }

        if (await header.Room.GrowToAsync(length + TailBytes(header)) is { } noRoom)
        {
            return noRoom;
        }

        RentTails(header);
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

    private InferenceError? MeasureOpenEndedTails(InflatedBody? inflated, int length, ModelConfig model, InferHeader header, out long surplus) =>
        MeasureTails(model, header, (inflated?.Limit ?? options.MaxRequestBytes) - length, out surplus) is null
            ? null
            : inflated is not null ? RequestErrors.InflatedLimit(inflated.Limit)
            : throw new BadHttpRequestException($"the inputs exceed the maximum of {options.MaxRequestBytes} bytes for one request", StatusCodes.Status413PayloadTooLarge);

    /// <summary>Holds the sizes of the inputs that come as bytes against what is there.</summary>
    private static InferenceError? MeasureTails(ModelConfig model, InferHeader header, long available, out long surplus)
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

        return null;
    }

    private static long TailBytes(InferHeader header)
    {
        var bytes = 0L;
        foreach (ref readonly var input in CollectionsMarshal.AsSpan(header.Inputs))
        {
            bytes += input.BinarySize;
        }

        return bytes;
    }

    /// <summary>Rents the memory of the inputs that come as bytes, whose sizes have been found to fit.</summary>
    private void RentTails(InferHeader header)
    {
        for (var i = 0; i < header.Inputs.Count; i++)
        {
            if (header.Inputs[i] is { Data: null, Source: null })
            {
                header.Inputs[i] = header.Inputs[i] with { Data = allocator.Rent(header.Inputs[i].BinarySize) };
            }
        }
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
            using var collected = await _collector.ReadAllAsync(request.BodyReader, options.MaxInputSize, header.Room);
            if (collected.Length > options.MaxInputSize)
            {
                return RequestErrors.OpenEndedLimit("raw input", options.MaxInputSize);
            }

            length = collected.Length;
            buffer = allocator.Rent(prefix + length);
            header.Inputs.Add(new HeaderInput(head, buffer, length));
            collected.Text.CopyTo(buffer.Span[prefix..]);
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
