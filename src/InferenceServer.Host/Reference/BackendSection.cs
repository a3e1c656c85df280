using System.Globalization;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Backends.Onnx.Sessions;
using InferenceServer.Core.Hosting;
using InferenceServer.Host.Trials;

namespace InferenceServer.Host.Reference;

/// <summary>The settings of backends, and the parameters of their models.</summary>
internal static class BackendSection
{
    public static void WriteSettings(MarkdownText text)
    {
        text.Heading(3, "`--backend-config=<backend>,<setting>=<value>`");
        text.Paragraph("Without the backend and its comma, a setting is for all backends that have it. A backend of your own says in its [manifest](#backendjson) which settings it has.");
        var rows = CoreOptions.UnsetMaxBatchSize.ToString(CultureInfo.InvariantCulture);
        text.Settings("setting of every backend that describes its models", [new SettingDescription(CoreOptions.DefaultMaxBatchSizeKey, "number, 0 or more", rows, "How many rows a model takes whose configuration does not say; while it is not set, several requests together may have more, where that pays.")]);
        text.Settings("setting of `onnxruntime`", OnnxSettings.OfServer);
        foreach (var backend in FolderBackends.All.Where(static backend => !backend.Settings.IsEmpty))
        {
            text.Settings($"setting of `{backend.Name}`", backend.Settings);
        }

        text.Settings("setting of every backend with `trial_load` in its manifest", [new SettingDescription(LoadTrial.SettingKey, "0, 1, false, true", "1", "0 loads models at once in the server's own process, without a trial in another one.")]);
    }

    public static void WriteParameters(MarkdownText text)
    {
        foreach (var backend in FolderBackends.All.Where(static backend => !backend.Parameters.IsEmpty))
        {
            text.Heading(3, $"`{backend.Name}`");
            text.Paragraph($"[More of it]({backend.Page}).");
            text.Settings("parameter", backend.Parameters);
        }
    }
}
