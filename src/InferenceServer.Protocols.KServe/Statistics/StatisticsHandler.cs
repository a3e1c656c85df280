using InferenceServer.Core.Access;
using InferenceServer.Core.Inference;
using InferenceServer.Protocols.KServe.Http;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Statistics;

/// <summary>Answers the statistics routes over HTTP.</summary>
internal sealed class StatisticsHandler(IModelControl control)
{
    /// <summary>
    /// The statistics of one version, of every version of a model, or, without a name, of everything that is ready. With <c>?details=true</c> they say beside what
    /// Triton's do why batches were released.
    /// </summary>
    public async Task HandleAsync(HttpContext context, string model, string version)
    {
        if (!control.TryReadStatistics(model, version, out var reports, out var error))
        {
            await HttpErrorWriter.WriteAsync(context, error);
            return;
        }

        // By name, what is asked for is what is shown.
        if (model.Length == 0 && context.Features.Get<Caller>() is { } caller)
        {
            reports = [.. reports.Where(report => caller.May(AccessScopes.Metadata, report.Name))];
        }

        using var text = new PooledText();
        StatisticsJsonWriter.Write(text, reports, hasDetails: context.Request.Query["details"] == "true");
        await JsonAnswer.SendAsync(context, StatusCodes.Status200OK, text);
    }
}
