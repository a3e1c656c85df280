using InferenceServer.Core.Configuration.Syntax;

namespace InferenceServer.Core.Configuration.Rules;

/// <summary>There must be a backend for the model, and what the file says of it must agree.</summary>
internal sealed class BackendRule : IConfigRule
{
    public void Check(RuleContext context)
    {
        // An ensemble has no backend, and a rule of its own for what it may have.
        if (context.IsEnsemble)
        {
            return;
        }

        var (backend, platform) = (context.Message.Backend, context.Message.Platform);
        if (context.Backend is not { } found)
        {
            ReportNone(context, backend, platform);
        }
        else if (backend.Length > 0 && platform.Length > 0 && platform != found.Platform)
        {
            context.Error(
                "platform",
                $"platform '{platform}' does not belong to backend '{backend}'{(found.Platform is null ? "" : $", whose platform is '{found.Platform}'")}",
                found.Platform is null ? "leave out platform" : $"write platform: \"{found.Platform}\", or leave it out");
        }
    }

    private static void ReportNone(RuleContext context, string backend, string platform)
    {
        var names = context.Backends.Select(static known => known.Name).Order(StringComparer.Ordinal).ToList();
        var given = backend.Length > 0 ? backend : platform;
        if (given.Length > 0 && context.Backends.FirstOrDefault(known => known.Name == given || known.Platform == given) is { } swapped)
        {
            var (field, other) = backend.Length > 0 ? ("backend", "platform") : ("platform", "backend");
            context.Error(field, $"this server has no {field} '{given}', which is the name of a {other}", $"write backend: \"{swapped.Name}\"");
        }
        else if (backend.Length > 0)
        {
            context.Error("backend", $"this server has no backend '{backend}'", Suggest(backend, names, "the backends are"));
        }
        else if (platform.Length > 0)
        {
            var platforms = context.Backends.Where(static known => known.Platform is not null).Select(static known => known.Platform!).ToList();
            context.Error("platform", $"this server has no backend for platform '{platform}'", Suggest(platform, platforms, "the platforms are"));
        }
        else if (BackendResolver.Candidates(context.Message, context.Facts, context.Backends) is { Count: > 1 } several)
        {
            context.Error(
                "backend",
                $"the model's files fit more than one backend: {string.Join(", ", several.Select(static known => known.Name))}",
                $"write backend: \"{several[0].Name}\"");
        }
        else
        {
            var files = context.Backends.SelectMany(static known => known.ModelFilenames.Select(file => $"{file} ({known.Name})")).ToList();
            context.Error(
                "backend",
                $"neither backend nor platform is given for model '{context.Facts.ModelName}', and no version folder holds a file that tells",
                FieldWords.OneOf("write backend: \"...\", or name the model's file as one of", files));
        }
    }

    private static string? Suggest(string name, List<string> known, string intro) =>
        DidYouMean.Suggest(name, known) ?? FieldWords.OneOf(intro, known);
}
