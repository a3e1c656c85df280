using InferenceServer.Core.Access;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Routing;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.Restrictions;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Aliases;

/// <summary>Answers what is asked about aliases, and changes them.</summary>
internal sealed class AliasHandler(IModelControl control)
{
    private delegate ValueTask<AliasChange> AliasChanger(ReadOnlyMemory<byte> body, AliasCondition condition);

    public async Task ListAsync(HttpContext context)
    {
        using var text = new PooledText();
        if (context.Features.Get<Caller>() is { } caller && !caller.HoldsForAll(AccessScopes.Metadata))
        {
            // What is wrong with the files may name others.
            AliasStatusWriter.Write(text, [.. control.Aliases.List().Where(alias => caller.May(AccessScopes.Metadata, alias.Config.Name))], []);
        }
        else
        {
            AliasStatusWriter.Write(text, control.Aliases.List(), control.Aliases.FileProblems);
        }

        await JsonAnswer.SendAsync(context, StatusCodes.Status200OK, text);
    }

    public Task HandleAsync(HttpContext context, string name) => context.Request.Method switch
    {
        // It names models, of which the right to the name alone says nothing.
        var method when HttpMethods.IsPut(method) => context.Features.Get<Caller>() is { } caller && AccessDecision.OfServer(caller, AccessRule.Control, isReading: false).Counted(context) is { } refusal ? HttpErrorWriter.WriteAsync(context, refusal) : ChangeAsync(context, async (body, condition) => await control.Aliases.PutAsync(name, body, condition)),
        var method when HttpMethods.IsDelete(method) => DeleteAsync(context, name),
        _ => ShowAsync(context, name),
    };

    public Task PromoteAsync(HttpContext context, string name) => ChangeAsync(context, (body, condition) => new(control.Aliases.Promote(name, body, condition)));

    public Task RollBackAsync(HttpContext context, string name) => ChangeAsync(context, (body, condition) => new(control.Aliases.RollBack(name, body, condition)));

    private async Task ShowAsync(HttpContext context, string name)
    {
        if (control.Aliases.Find(name) is { } alias)
        {
            await SendAsync(context, alias);
            return;
        }

        await HttpErrorWriter.WriteAsync(context, AliasRequestErrors.Unknown(name));
    }

    private async Task DeleteAsync(HttpContext context, string name)
    {
        if (!AliasConditions.TryRead(context.Request.Headers, out var condition, out var error))
        {
            await HttpErrorWriter.WriteAsync(context, error);
            return;
        }

        await AnswerAsync(context, control.Aliases.Delete(name, condition));
    }

    private async Task ChangeAsync(HttpContext context, AliasChanger change)
    {
        // Before a body is read for nothing.
        if (control.Aliases.FindRefusal() is { } refusal)
        {
            await HttpErrorWriter.WriteAsync(context, refusal);
            return;
        }

        if (!AliasConditions.TryRead(context.Request.Headers, out var condition, out var wrong))
        {
            await HttpErrorWriter.WriteAsync(context, wrong);
            return;
        }

        byte[] text;
        using (var body = await JsonBody.ReadSmallAsync(context))
        {
            if (body is null)
            {
                return;
            }

            text = body.Text.ToArray();
        }

        await AnswerAsync(context, await change(text, condition));
    }

    private static async Task AnswerAsync(HttpContext context, AliasChange change)
    {
        if (change.Error is { } error)
        {
            await (change.IsConflict
                ? HttpErrorWriter.WriteAsync(context, error, StatusCodes.Status412PreconditionFailed)
                : HttpErrorWriter.WriteAsync(context, error));
            return;
        }

        if (change.Status is { } alias)
        {
            await SendAsync(context, alias);
            return;
        }

        context.Response.ContentType = JsonAnswer.ContentType;
        context.Response.ContentLength = 0;
    }

    private static async Task SendAsync(HttpContext context, AliasStatus alias)
    {
        context.Response.Headers.ETag = $"\"{alias.Tag}\"";
        using var text = new PooledText();
        AliasStatusWriter.Write(text, alias);
        await JsonAnswer.SendAsync(context, StatusCodes.Status200OK, text);
    }
}
