using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Access;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Observation;
using InferenceServer.Core.Tracing;
using InferenceServer.Protocols.KServe.Classification;
using InferenceServer.Protocols.KServe.Compression;
using InferenceServer.Protocols.KServe.Memory;
using InferenceServer.Protocols.KServe.Restrictions;
using InferenceServer.Protocols.KServe.SharedMemory;
using InferenceServer.Protocols.KServe.Payloads;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Answers <c>POST .../infer</c>.</summary>
internal sealed class InferHandler(IInferenceEngine engine, KServeHttpOptions options, RequestMemoryGate memory)
{
    private readonly RequestAdmission _admission = new(engine, options);
    private readonly InferRequestReader _reader = new(engine.Allocator, options);
    private readonly SharedTensors _shared = new(engine, options.MaxRequestBytes);

    public async Task HandleAsync(HttpContext context, string model, string version, RequestRecord record)
    {
        var admission = await _admission.AdmitAsync(context, model, version, record, allowsDecoupled: false);
        if (!admission.TryGet(out var request, out var refusal))
        {
            await HttpErrorWriter.WriteAsync(context, refusal, admission.Status);
            return;
        }

        using var header = InferHeader.Rent();
        header.Room.Open(memory, request.TimeLimit, context);
        var body = context.Request.BodyReader;
        try
        {
            if (await ReadAsync(context, request, header) is { } error)
            {
                request.Dispose();
                BodyReading.Release(body);
                record.RequestId = header.Id;
                await HttpErrorWriter.WriteAsync(context, error, header.Id);
                return;
            }
        }
        catch (Exception exception)
        {
            request.Dispose();
            if (await ReadingFailures.TryAnswerAsync(context, body, exception, header.Id))
            {
                return;
            }

            throw;
        }

        record.RequestId = header.Id;
        record.Trace?.Record(TraceActivity.HttpReceiveEnd);
        await AnswerAsync(context, request, header, record);
    }

    private async ValueTask<InferenceError?> ReadAsync(HttpContext context, InferenceRequest request, InferHeader header)
    {
        var encoding = context.Request.Headers.ContentEncoding;
        if (!ContentCodings.TryParse(encoding, out var coding))
        {
            context.Response.Headers.AcceptEncoding = ContentCodings.Supported;
            context.Response.ContentType = JsonAnswer.PlainText;
            return RequestErrors.Compression(encoding.ToString());
        }

        var error = coding == ContentCoding.Identity ? null : await InflatedBody.ReplaceAsync(context.Request, options.MaxInputSize);

        // Before the first byte of it is read. What has no length takes its room as it grows.
        error ??= await header.Room.GrowToAsync(context.Request.ContentLength ?? 0);
        error ??= await _reader.ReadAsync(context.Request, request.Lease.Model.Config, header);
        error ??= context.Features.Get<Caller>() is { } caller && header.UsesSharedMemory && !caller.HoldsForAll(AccessScopes.SharedMemory) ? AccessErrors.SharedTensors().Counted(context) : null;
        error ??= header.AttachShared(_shared, request.Lease.Model.Config.Name);
        error ??= NpyAnswer.Negotiate(context.Request.Headers.Accept, request.Lease.Model.Config, header);
        if (error is null)
        {
            request.TimeLimit = header.Room.TimeLeft(request.TimeLimit);
            header.MoveTo(request);
        }

        return error ?? options.HeaderForwarding?.Forward(context.Request.Headers, request.Parameters);
    }

    private async Task AnswerAsync(HttpContext context, InferenceRequest request, InferHeader header, RequestRecord record)
    {
        // From here on the request belongs to the engine.
        var outcome = await engine.InferAsync(request, context.RequestAborted);
        record.BeginSend();
        record.Trace?.BeginSend(TraceActivity.HttpSendStart, TraceActivity.HttpSendEnd);
        if (!outcome.IsSuccess)
        {
            if (!context.RequestAborted.IsCancellationRequested)
            {
                await HttpErrorWriter.WriteAsync(context, outcome.Error, header.Id);
            }

            return;
        }

        using var response = outcome.Response;
        try
        {
            if ((Classify(response, header, context.RequestAborted) ?? header.WriteShared(response) ?? (header.SendsNpy ? NpyAnswer.Check(response.Outputs[0]) : null)) is { } error)
            {
                await HttpErrorWriter.WriteAsync(context, error, header.Id);
                return;
            }

            record.HasLostClient = !await InferResponseWriter.WriteAsync(context, response, header, engine.Allocator);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The rest of the response is for nobody.
            record.HasLostClient = true;
        }
        catch (BackendException exception) when (!context.Response.HasStarted)
        {
            // There is no memory for the answer.
            await HttpErrorWriter.WriteAsync(context, new InferenceError(exception.Code, exception.Message), header.Id);
        }
    }

    private InferenceError? Classify(InferenceResponse response, InferHeader header, CancellationToken cancellationToken)
    {
        foreach (var output in header.Outputs)
        {
            if (output.Classes > 0 && OutputClassifier.Apply(response, new(output.Name, output.Classes), engine.Allocator, cancellationToken) is { } error)
            {
                return error;
            }
        }

        return null;
    }
}
