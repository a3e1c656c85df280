using InferenceServer.Backends.Identity;
using InferenceServer.Backends.Onnx.Sessions;
using InferenceServer.Caches.Redis.Settings;
using InferenceServer.Core.Reference;
using InferenceServer.Core.Routing;
using InferenceServer.Host.Identities;
using InferenceServer.Host.Options;
using InferenceServer.Host.Plugins;

namespace InferenceServer.Host.Reference;

/// <summary>The reference of everything that can be set, made from the tables that the server itself reads by.</summary>
internal static class ReferencePage
{
    /// <summary>The page, in Markdown.</summary>
    public static string Make()
    {
        var text = new MarkdownText();
        text.Heading(1, "Configuration reference");
        text.Paragraph("Everything that can be set. This page is printed by the server itself, from the tables that it reads by: `inference-server reference`. A test compares the two; `dotnet run --project src/InferenceServer.Host -- reference > docs/configuration-reference.md` renews it.");
        text.Paragraph("[The command line](#the-command-line) · [Options](#options) · [Options that are made of settings](#options-that-are-made-of-settings) · [Flags of Triton that are not here](#flags-of-triton-that-are-not-here) · [Environment variables](#environment-variables) · [A model's configuration](#a-models-configuration) · [Parameters of models](#parameters-of-models) · [Files](#files)");
        WriteCommands(text);
        OptionSection.Write(text);
        WriteSettings(text);
        OptionSection.WriteForeign(text);
        VariableSection.Write(text);
        FieldSection.Write(text);
        WriteParameters(text);
        WriteFiles(text);
        return text.ToString();
    }

    private static void WriteCommands(MarkdownText text)
    {
        text.Heading(2, "The command line");
        text.Paragraph("`inference-server [--option=value ...]` serves. A word in front of the options asks for something else:");
        text.Table(["sub-command", "what it does"], SubCommands.All.Select(static command => System.Collections.Immutable.ImmutableArray.Create(MarkdownText.Name($"{command.Word} {command.Usage}".TrimEnd()), MarkdownText.Plain(command.Help))));
        text.Paragraph("`--help` prints the options, `--version` the version.");
    }

    private static void WriteSettings(MarkdownText text)
    {
        text.Heading(2, "Options that are made of settings");
        text.Paragraph("Each may be given several times, with one setting each time.");
        text.Heading(3, "`--metrics-config=<setting>=<value>`");
        text.Settings("setting", MetricsConfigReader.Settings);
        text.Heading(3, "`--trace-config=[<mode>,]<setting>=<value>`");
        text.Settings("setting", TraceConfigReader.Settings);
        text.Heading(3, "`--cache-config=local,<setting>=<value>`");
        text.Settings("setting", CacheConfigReader.LocalSettings);
        text.Heading(3, "`--cache-config=redis,<setting>=<value>`");
        text.Settings("setting", RedisSettingsReader.Settings);
        text.Heading(3, "`--host-policy=<name>,<setting>=<value>`");
        text.Settings("setting", HostPolicyReader.Settings);
        BackendSection.WriteSettings(text);
    }

    private static void WriteParameters(MarkdownText text)
    {
        text.Heading(2, "Parameters of models");
        text.Paragraph("In a configuration: `parameters { key: \"<parameter>\" value { string_value: \"<value>\" } }`. Those of the first table are the server's own, and no backend sees them.");
        text.Settings("parameter of any model", ModelParameters.OfModels);
        text.Settings("parameter of an ensemble", ModelParameters.OfSteps);
        text.Heading(3, "`onnxruntime`");
        text.Settings("parameter", OnnxSettings.OfModels);
        BackendSection.WriteParameters(text);
        text.Heading(3, "`identity` and `repeat`");
        text.Settings("parameter of identity", ExampleParameters.OfIdentity);
        text.Settings("parameter of repeat", ExampleParameters.OfRepeat);
    }

    private static void WriteFiles(MarkdownText text)
    {
        text.Heading(2, "Files");
        text.Heading(3, "`backend.json`");
        text.Paragraph("In the folder of a backend ([write a backend](write-a-backend.md)).");
        text.Settings("field", BackendManifestReader.Fields);
        text.Heading(3, "`aliases.json`");
        text.Paragraph("In a repository ([aliases](aliases.md)).");
        text.Settings("member of the file", AliasMembers.File);
        text.Settings("member of an alias", AliasMembers.Alias);
        text.Settings("member of a target", AliasMembers.Target);
        text.Settings("member of `shadow`", AliasMembers.Shadow);
        text.Settings("member of `rollback`", AliasMembers.Rollback);
        text.Heading(3, "The file of `--access-file`");
        text.Paragraph("JSON, with comments where they are wished ([security](security.md#the-access-file)).");
        text.Settings("member of the file", AccessFileMembers.File);
        text.Settings("member of a key", AccessFileMembers.Key);
        text.Settings("member of a certificate", AccessFileMembers.Certificate);
        text.Settings("member of `tokens`", AccessFileMembers.Tokens);
        text.Settings("member of a right in `grants`", AccessFileMembers.Grant);
        text.Settings("member of `limits`", AccessFileMembers.Limits);
    }
}
