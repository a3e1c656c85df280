using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Observation;
using InferenceServer.Core.Tracing;
using InferenceServer.Protocols.KServe.Compression;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.Memory;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Generate;

/// <summary>Answers <c>POST .../generate</c> with one response and <c>POST .../generate_stream</c> with any number of them.</summary>
internal sealed class GenerateHandler(IInferenceEngine engine, KServeHttpOptions options, RequestMemoryGate memory)
{
    private readonly RequestAdmission _admission = new(engine, options);
    private readonly GenerateRequestReader _reader = new(engine.Allocator, options);
    private readonly WholeBody _body = new(engine.Allocator, options.MaxInputSize);

    public async Task AnswerAsync(HttpContext context, string model, string version, RequestRecord record)
    {
        using var header = InferHeader.Rent();
        if (await ReadAsync(context, model, version, record, header) is not { } request)
        {
            return;
        }

        var trace = record.Trace;
        var id = request.Id;
        try
        {
            // From here on the request belongs to the engine.
            var outcome = await RunAsync(request, context.RequestAborted);
            record.BeginSend();
            trace?.BeginSend(TraceActivity.HttpSendStart, TraceActivity.HttpSendEnd);
            if (!outcome.IsSuccess)
            {
                if (!context.RequestAborted.IsCancellationRequested)
                {
                    await HttpErrorWriter.WriteAsync(context, outcome.Error, id);
                }

                return;
            }

            using var response = outcome.Response;
            using var text = new PooledText();
            GenerateResponseText.Write(text, response);
            await JsonAnswer.SendAsync(context, StatusCodes.Status200OK, text);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The rest of the response is for nobody.
            record.HasLostClient = true;
        }
    }

    public async Task StreamAsync(HttpContext context, string model, string version, RequestRecord record)
    {
        using var header = InferHeader.Rent();
        if (await ReadAsync(context, model, version, record, header) is not { } request)
        {
            return;
        }

        var trace = record.Trace;
        var id = request.Id;

        // The web server signals its own token no more once this method has returned, and a write may tell sooner that nobody reads.
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        using var stream = engine.StartStream(request, gone.Token);
        var events = new EventStream(context);
        trace?.BeginSend(TraceActivity.HttpSendStart, TraceActivity.HttpSendEnd);
        try
        {
            while (await stream.ReadAsync(context.RequestAborted) is { } outcome)
            {
                if (!outcome.IsSuccess)
                {
                    record.HasBrokenOff = context.Response.HasStarted;
                    await FailAsync(context, events, outcome, id);
                    return;
                }

                using var response = outcome.Response;
                record.BeginSend();
                if (!await events.SendAsync(response))
                {
                    return;
                }

                record.EndSend();
            }

            events.Begin(StatusCodes.Status200OK);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone, of which the model is told.
        }
        finally
        {
            await gone.CancelAsync();
        }
    }

    private static async ValueTask FailAsync(HttpContext context, EventStream events, InferenceOutcome outcome, string id)
    {
        if (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        if (outcome.WasAccepted)
        {
            await events.SendAsync(outcome.Error!);
        }
        else
        {
            // Nothing has run: this is an answer to the request, and not an event.
            await HttpErrorWriter.WriteAsync(context, outcome.Error!, id);
        }
    }

    /// <summary>Reads the request; where it cannot be read, the client has its answer and the result is null.</summary>
    private async ValueTask<InferenceRequest?> ReadAsync(HttpContext context, string model, string version, RequestRecord record, InferHeader header)
    {
        var admission = await _admission.AdmitAsync(context, model, version, record, allowsDecoupled: true);
        if (!admission.TryGet(out var request, out var refusal))
        {
            await HttpErrorWriter.WriteAsync(context, refusal, admission.Status);
            return null;
        }

        header.Room.Open(memory, request.TimeLimit, context);
        var body = context.Request.BodyReader;
        try
        {
            if ((await header.Room.GrowToAsync(context.Request.ContentLength ?? 0) ?? await ReadBodyAsync(context, request, header)) is not { } error)
            {
                request.TimeLimit = header.Room.TimeLeft(request.TimeLimit);
                header.MoveTo(request);
                record.RequestId = request.Id;
                request.Trace?.Record(TraceActivity.HttpReceiveEnd);
                return request;
            }

            request.Dispose();
            await HttpErrorWriter.WriteAsync(context, error, header.Id);
            return null;
        }
        catch (Exception exception)
        {
            request.Dispose();
            if (await ReadingFailures.TryAnswerAsync(context, body, exception, header.Id))
            {
                return null;
            }

            throw;
        }
    }

    private ValueTask<InferenceError?> ReadBodyAsync(HttpContext context, InferenceRequest request, InferHeader header)
    {
        var encoding = context.Request.Headers.ContentEncoding;
        return ContentCodings.TryParse(encoding, out var coding) && coding == ContentCoding.Identity
            ? _body.ReadAsync(context.Request, _reader, request.Lease.Model.Config, header)
            : new(RequestErrors.Encoding(encoding.ToString()));
    }

    /// <summary>Has the model run and waits for its only response.</summary>
    private async ValueTask<InferenceOutcome> RunAsync(InferenceRequest request, CancellationToken clientGone)
    {
        var model = request.Lease.Model;
        if (!model.Config.IsDecoupled)
        {
            return await engine.InferAsync(request, clientGone);
        }

        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(clientGone);
        using var stream = engine.StartStream(request, cancellation.Token);
        if (await stream.ReadAsync(clientGone) is not { } only)
        {
            return InferenceOutcome.Failure(GenerateErrors.ResponseCount(model.Name, "none"));
        }

        if (!only.IsSuccess || only.Response.IsFinal)
        {
            return only;
        }

        var isTaken = false;
        try
        {
            var second = await stream.ReadAsync(clientGone);
            if (second is null)
            {
                isTaken = true;
                return only;
            }

            if (!second.Value.IsSuccess)
            {
                return second.Value;
            }

            second.Value.Response.Dispose();

            // What else the model would say is for nobody.
            await cancellation.CancelAsync();
            return InferenceOutcome.Failure(GenerateErrors.ResponseCount(model.Name, "more than one"));
        }
        finally
        {
            if (!isTaken)
            {
                only.Response.Dispose();
            }
        }
    }
}
