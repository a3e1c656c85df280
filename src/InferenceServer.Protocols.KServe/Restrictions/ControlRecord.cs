using Microsoft.AspNetCore.Http;

namespace InferenceServer.Protocols.KServe.Restrictions;

/// <summary>What the audit log is to tell of a control action that is on its way. Who writes that log puts it among the features of the exchange.</summary>
public sealed class ControlRecord
{
    /// <summary>The model, alias or region that the action is about, as the client wrote it; empty for the whole server, or while it is not known.</summary>
    public string Subject { get; set; } = "";

    /// <summary>True when the request turned out to read only, which is not told.</summary>
    public bool IsReading { get; set; }

    /// <summary>Notes what an rpc is about, where anybody wants to know.</summary>
    public static void Note(HttpContext context, string subject, bool isReading = false)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Features.Get<ControlRecord>() is { } record)
        {
            record.Subject = subject;
            record.IsReading = isReading;
        }
    }
}
