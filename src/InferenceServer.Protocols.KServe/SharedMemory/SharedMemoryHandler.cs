using System.Buffers;
using System.Globalization;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Protocols.KServe.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace InferenceServer.Protocols.KServe.SharedMemory;

/// <summary>Answers the routes of one kind of shared memory; the region is the route's value <c>region</c>, empty for all of them.</summary>
internal sealed class SharedMemoryHandler(IModelControl control, SharedMemoryKind kind)
{
    public async Task StatusAsync(HttpContext context)
    {
        if (!control.SharedMemory.TryList(kind, RegionOf(context), out var regions, out var error))
        {
            await HttpErrorWriter.WriteAsync(context, error);
            return;
        }

        using var text = new PooledText();
        text.Write("["u8);
        for (var i = 0; i < regions.Length; i++)
        {
            text.Write(i == 0 ? "{\"name\":"u8 : ",{\"name\":"u8);
            JsonStringWriter.Write(text, regions[i].Name);
            if (regions[i].Device is { } device)
            {
                text.Write(",\"device_id\":"u8);
                WriteNumber(text, device);
            }
            else
            {
                text.Write(",\"key\":"u8);
                JsonStringWriter.Write(text, regions[i].Key);
                text.Write(",\"offset\":"u8);
                WriteNumber(text, regions[i].Offset);
            }

            text.Write(",\"byte_size\":"u8);
            WriteNumber(text, regions[i].ByteSize);
            text.Write("}"u8);
        }

        text.Write("]"u8);
        await JsonAnswer.SendAsync(context, StatusCodes.Status200OK, text);
    }

    public async Task RegisterAsync(HttpContext context)
    {
        var region = RegionOf(context);
        if (control.SharedMemory.Refusal is { } refusal)
        {
            await AnswerAsync(context, refusal);
        }
        else
        {
            using var text = await JsonBody.ReadSmallAsync(context);
            if (text is not null)
            {
                await AnswerAsync(context, kind == SharedMemoryKind.Cuda ? RegisterCuda(region, text.Text) : RegisterSystem(region, text.Text));
            }
        }
    }

    public Task UnregisterAsync(HttpContext context) => AnswerAsync(context, control.SharedMemory.Unregister(kind, RegionOf(context)));

    private static string RegionOf(HttpContext context) => context.GetRouteValue("region") as string ?? "";

    private static Task AnswerAsync(HttpContext context, InferenceError? error)
    {
        if (error is not null)
        {
            return HttpErrorWriter.WriteAsync(context, error);
        }

        context.Response.ContentType = JsonAnswer.ContentType;
        context.Response.ContentLength = 0;
        return Task.CompletedTask;
    }

    private InferenceError? RegisterSystem(string region, ReadOnlySpan<byte> text) =>
        RegisterBodyReader.Read(text, out var body) ?? control.SharedMemory.RegisterSystem(region, body.Key, body.Offset, body.ByteSize);

    private InferenceError? RegisterCuda(string region, ReadOnlySpan<byte> text) =>
        CudaBodyReader.Read(text, out var body) ?? control.SharedMemory.RegisterCuda(region, body.Handle, body.Device, body.ByteSize);

    private static void WriteNumber(PooledText output, long value)
    {
        value.TryFormat(output.GetSpan(20), out var written, default, CultureInfo.InvariantCulture);
        output.Advance(written);
    }
}
