using System.Collections.Immutable;
using InferenceServer.Core.Inference;
using InferenceServer.Protocols.KServe.Http;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.OpenApi;

/// <summary>Answers with the description of the HTTP surface. It is written anew when the models that are ready have changed.</summary>
internal sealed class OpenApiHandler(IModelControl control)
{
    private readonly Lock _writing = new();
    private volatile Written? _written;

    public async Task HandleAsync(HttpContext context)
    {
        var document = Current();
        context.Response.ContentType = JsonAnswer.ContentType;
        context.Response.ContentLength = document.Length;
        await context.Response.Body.WriteAsync(document, context.RequestAborted);
    }

    private byte[] Current()
    {
        var models = control.ListReady();
        if (_written is { } written && written.Models == models)
        {
            return written.Document;
        }

        // One caller writes; those who come meanwhile wait for what it writes instead of doing the same.
        lock (_writing)
        {
            if (_written is not { } other || other.Models != models)
            {
                _written = other = new Written(models, OpenApiDocument.Write(control.Server, models));
            }

            return other.Document;
        }
    }

    private sealed record Written(ImmutableArray<ModelDescription> Models, byte[] Document);
}
