using System.Buffers;
using System.Globalization;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Tracing;
using InferenceServer.Protocols.KServe.Http;
using InferenceServer.Protocols.KServe.Settings;
using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Tracing;

/// <summary>
/// Answers <c>/v2/trace/setting</c> and <c>/v2/models/{model}/trace/setting</c> (trace extension): shows the settings of tracing, and
/// changes them. A request is checked as a whole before any of it has an effect.
/// </summary>
internal sealed class TraceSettingHandler(IModelControl control)
{
    /// <summary>Answers for a model; for the whole server when <paramref name="model"/> is empty.</summary>
    public async Task HandleAsync(HttpContext context, string model)
    {
        var (settings, error) = Get(model);
        if (error is null && HttpMethods.IsPost(context.Request.Method))
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

            (settings, error) = Update(body.Text, model);
        }

        if (settings is null)
        {
            await HttpErrorWriter.WriteAsync(context, error!);
            return;
        }

        using var text = new PooledText();
        Write(text, settings);
        await JsonAnswer.SendAsync(context, StatusCodes.Status200OK, text);
    }

    private (TraceSettings? Settings, InferenceError? Error) Get(string model)
    {
        control.Tracing.TryGet(model, out var settings, out var error);
        return (settings, error);
    }

    private (TraceSettings? Settings, InferenceError? Error) Update(ReadOnlySpan<byte> text, string model)
    {
        var reader = new TraceSettingReader();
        if (SettingsBody.Read(text, reader.Read) is { } wrong)
        {
            return (null, wrong);
        }

        control.Tracing.TryUpdate(model, reader.Update, out var settings, out var error);
        return (settings, error);
    }

    private void Write(PooledText text, TraceSettings settings)
    {
        var names = TraceLevelNames.NamesOf(settings.Levels);
        text.Write("{\"trace_level\":["u8);
        for (var i = 0; i < names.Length; i++)
        {
            text.Write(i == 0 ? default : ","u8);
            JsonStringWriter.Write(text, names[i]);
        }

        text.Write("]"u8);
        Write(text, TraceSettingNames.Rate, settings.Rate.ToString(CultureInfo.InvariantCulture));
        Write(text, TraceSettingNames.Count, settings.Count.ToString(CultureInfo.InvariantCulture));
        Write(text, TraceSettingNames.LogFrequency, settings.LogFrequency.ToString(CultureInfo.InvariantCulture));
        Write(text, TraceSettingNames.File, control.Tracing.FileName);
        Write(text, TraceSettingNames.Mode, TraceSettingNames.TritonMode);
        text.Write("}"u8);
    }

    private static void Write(PooledText text, string name, string value)
    {
        text.Write(","u8);
        JsonStringWriter.Write(text, name);
        text.Write(":"u8);
        JsonStringWriter.Write(text, value);
    }
}
