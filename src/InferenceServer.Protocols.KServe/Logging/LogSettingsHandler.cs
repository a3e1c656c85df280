using System.Buffers;
using System.Buffers.Text;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Logging;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.Settings;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Logging;

/// <summary>
/// Answers <c>/v2/logging</c> (logging extension): shows the settings of the log, and changes them. A request is checked as a whole before
/// any of it has an effect.
/// </summary>
internal sealed class LogSettingsHandler(IModelControl control)
{
    public async Task HandleAsync(HttpContext context)
    {
        var settings = control.Log.Current;
        if (HttpMethods.IsPost(context.Request.Method))
        {
            if (control.FindSettingsRefusal() is { } refusal)
            {
                await HttpErrorWriter.WriteAsync(context, refusal);
                return;
            }

            using var body = await JsonBody.ReadSmallAsync(context);
            if (body is null)
            {
                return;
            }

            var reader = new LogSettingsReader();
            if (SettingsBody.Read(body.Text, reader.Read) is { } error)
            {
                await HttpErrorWriter.WriteAsync(context, error);
                return;
            }

            settings = control.Log.Apply(reader.Update);
        }

        using var text = new PooledText();
        Write(text, settings);
        await JsonAnswer.SendAsync(context, StatusCodes.Status200OK, text);
    }

    private static void Write(PooledText text, LogSettings settings)
    {
        // There is no log file: the log goes to standard error.
        text.Write("{\"log_file\":\"\""u8);
        WriteSwitch(text, ",\"log_info\":"u8, settings.Info);
        WriteSwitch(text, ",\"log_warning\":"u8, settings.Warning);
        WriteSwitch(text, ",\"log_error\":"u8, settings.Error);
        text.Write(",\"log_verbose_level\":"u8);
        Utf8Formatter.TryFormat(settings.VerboseLevel, text.GetSpan(10), out var written);
        text.Advance(written);
        text.Write(",\"log_format\":"u8);
        JsonStringWriter.Write(text, LogFormats.NameOf(settings.Format));
        text.Write("}"u8);
    }

    private static void WriteSwitch(PooledText text, ReadOnlySpan<byte> name, bool value)
    {
        text.Write(name);
        text.Write(value ? "true"u8 : "false"u8);
    }
}
