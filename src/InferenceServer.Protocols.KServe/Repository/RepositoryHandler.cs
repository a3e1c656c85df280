using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Access;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Repository;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.Memory;
using InferenceServer.Protocols.KServe.Restrictions;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Repository;

/// <summary>Answers what clients ask of the model repository over HTTP: its index, and to load and unload models.</summary>
internal sealed class RepositoryHandler(IModelControl control, KServeHttpOptions options, RequestMemoryGate memory)
{
    public async Task IndexAsync(HttpContext context)
    {
        var readyOnly = false;
        InferenceError? error;
        using (var body = await JsonBody.ReadAsync(context, options.MaxInputSize, memory))
        {
            if (body is null)
            {
                return;
            }

            error = IndexRequestReader.Read(body.Text, out readyOnly);
        }

        if (error is not null)
        {
            await HttpErrorWriter.WriteAsync(context, error);
            return;
        }

        var entries = await control.ListModelsAsync(readyOnly);
        using var text = new PooledText();
        RepositoryIndexWriter.Write(text, context.Features.Get<Caller>() is { } caller ? [.. entries.Where(entry => caller.May(AccessScopes.Metadata, entry.Name))] : entries);
        await JsonAnswer.SendAsync(context, StatusCodes.Status200OK, text);
    }

    public async Task LoadAsync(HttpContext context, string model)
    {
        // Before a body that may hold files is read for nothing.
        if (control.FindControlRefusal(model) is { } refusal)
        {
            await HttpErrorWriter.WriteAsync(context, refusal);
            return;
        }

        ModelOverride? replacement = null;
        InferenceError? error;
        using (var body = await JsonBody.ReadAsync(context, options.MaxInputSize, memory))
        {
            if (body is null)
            {
                return;
            }

            error = LoadRequestReader.Read(model, body.Text, out replacement);
        }

        // A configuration may make an ensemble of models that its sender has no right to.
        error ??= replacement is null ? null : FindLimits(context);

        await AnswerAsync(context, error ?? await control.LoadModelAsync(model, replacement, context.RequestAborted));
    }

    public async Task UnloadAsync(HttpContext context, string model)
    {
        InferenceError? error;
        bool unloadDependents;
        using (var body = await JsonBody.ReadAsync(context, options.MaxInputSize, memory))
        {
            if (body is null)
            {
                return;
            }

            error = UnloadRequestReader.Read(body.Text, out unloadDependents);
        }

        error ??= unloadDependents ? FindLimits(context) : null;

        await AnswerAsync(context, error ?? await control.UnloadModelAsync(model, unloadDependents, context.RequestAborted));
    }

    /// <summary>Answers every route that names a repository, which has no meaning here.</summary>
    public static Task NamedRepositoryAsync(HttpContext context) => HttpErrorWriter.WriteAsync(context, RepositoryErrors.NamedRepository());

    private static InferenceError? FindLimits(HttpContext context) =>
        context.Features.Get<Caller>() is { } caller ? AccessDecision.OfServer(caller, AccessRule.Control, isReading: false).Counted(context) : null;

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
}
