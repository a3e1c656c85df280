using System.Buffers;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Inference;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Answers what clients and probes ask about the server and its models.</summary>
internal sealed class MetadataHandler(IModelControl control)
{
    public Task LiveAsync(HttpContext context) => AnswerHealthAsync(context, control.IsLive);

    public async Task ReadyAsync(HttpContext context)
    {
        if (control.IsReady || await HoldAsync(context))
        {
            await AnswerHealthAsync(context, control.IsReady);
        }
    }

    public async Task ServerAsync(HttpContext context)
    {
        using var text = new PooledText();
        text.Write("{\"name\":"u8);
        JsonStringWriter.Write(text, control.Server.Name);
        text.Write(",\"version\":"u8);
        JsonStringWriter.Write(text, control.Server.Version);
        text.Write(",\"extensions\":["u8);
        for (var i = 0; i < ServerExtensions.Names.Length; i++)
        {
            text.Write(i == 0 ? default : ","u8);
            JsonStringWriter.Write(text, ServerExtensions.Names[i]);
        }

        text.Write("]}"u8);
        await JsonAnswer.SendAsync(context, StatusCodes.Status200OK, text);
    }

    public async Task ModelAsync(HttpContext context, string model, string version)
    {
        var error = await control.WakeAsync(model, version, context.RequestAborted);
        ModelDescription? description = null;
        if (error is not null || !control.TryDescribe(model, version, out description, out error))
        {
            await HttpErrorWriter.WriteAsync(context, error);
            return;
        }

        using var text = new PooledText();
        ModelMetadataWriter.Write(text, description, version.Length > 0);
        await JsonAnswer.SendAsync(context, StatusCodes.Status200OK, text);
    }

    public async Task ModelConfigAsync(HttpContext context, string model, string version)
    {
        var error = await control.WakeAsync(model, version, context.RequestAborted);
        ModelDescription? description = null;
        if (error is not null || !control.TryDescribe(model, version, out description, out error))
        {
            await HttpErrorWriter.WriteAsync(context, error);
            return;
        }

        using var text = new PooledText();
        ModelConfigJsonWriter.Write(description.Config.ToMessage(), text);
        await JsonAnswer.SendAsync(context, StatusCodes.Status200OK, text);
    }

    public async Task ModelReadyAsync(HttpContext context, string model, string version)
    {
        if (control.IsModelReady(model, version, out _))
        {
            return;
        }

        // What is not ready in the first moments of the server may be so in the next.
        if (await HoldAsync(context) && !control.IsModelReady(model, version, out var error))
        {
            await HttpErrorWriter.WriteAsync(context, error);
        }
    }

    /// <summary>Holds a probe up while the server starts; false when its client has gone meanwhile.</summary>
    private async ValueTask<bool> HoldAsync(HttpContext context)
    {
        try
        {
            await control.WaitForProbeAsync(context.RequestAborted);
            return true;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return false;
        }
    }

    private Task AnswerHealthAsync(HttpContext context, bool isHealthy)
    {
        if (control.IsStopping)
        {
            return HttpErrorWriter.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "Server exiting");
        }

        context.Response.StatusCode = isHealthy ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest;
        context.Response.ContentLength = 0;
        return Task.CompletedTask;
    }
}
