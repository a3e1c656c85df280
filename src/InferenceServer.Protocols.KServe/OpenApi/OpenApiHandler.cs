using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using InferenceServer.Core.Access;
using InferenceServer.Core.Inference;
using InferenceServer.Protocols.KServe.Http;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.OpenApi;

/// <summary>Answers with the description of the HTTP surface. It is written anew when the models that are ready, or the aliases, have changed.</summary>
internal sealed class OpenApiHandler(IModelControl control)
{
    private readonly Lock _writing = new();
    private volatile Written? _written;

    public async Task HandleAsync(HttpContext context)
    {
        var document = context.Features.Get<Caller>() is { } caller && !caller.HoldsForAll(AccessScopes.Metadata) ? WriteFor(caller) : Current();
        context.Response.ContentType = JsonAnswer.ContentType;
        context.Response.ContentLength = document.Length;
        await context.Response.Body.WriteAsync(document, context.RequestAborted);
    }

    /// <summary>What one caller may see, which is not kept: there may be many of them.</summary>
    private byte[] WriteFor(Caller caller) => OpenApiDocument.Write(
        control.Server,
        [.. control.ListReady().Where(model => caller.May(AccessScopes.Metadata, model.Config.Name))],
        [.. Aliases().Aliases.Where(alias => caller.May(AccessScopes.Metadata, alias.Config.Name))]);

    private byte[] Current()
    {
        var models = control.ListReady();
        var (aliases, tags) = Aliases();
        if (_written is { } written && written.IsOf(models, tags))
        {
            return written.Document;
        }

        // One caller writes; those who come meanwhile wait for what it writes instead of doing the same.
        lock (_writing)
        {
            if (_written is not { } other || !other.IsOf(models, tags))
            {
                _written = other = new Written(models, tags, OpenApiDocument.Write(control.Server, models, aliases));
            }

            return other.Document;
        }
    }

    /// <summary>The aliases that are answered for, each described as whoever asks for it is told; and what changes when they do.</summary>
    private (ImmutableArray<ModelDescription> Aliases, string Tags) Aliases()
    {
        var described = ImmutableArray.CreateBuilder<ModelDescription>();
        var tags = new StringBuilder();
        foreach (var alias in control.Aliases.List().Where(static alias => alias is { IsReady: true, IsHidden: false }))
        {
            if (control.TryDescribe(alias.Config.Name, "", out var description, out _))
            {
                described.Add(description);
                tags.Append(CultureInfo.InvariantCulture, $"{alias.Tag} {description.Version}\n");
            }
        }

        return (described.ToImmutable(), tags.ToString());
    }

    private sealed record Written(ImmutableArray<ModelDescription> Models, string Tags, byte[] Document)
    {
        public bool IsOf(ImmutableArray<ModelDescription> models, string tags) => Models == models && Tags == tags;
    }
}
