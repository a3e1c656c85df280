using System.Globalization;
using System.Text;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>How gRPC writes status messages (gRPC over HTTP/2, responses).</summary>
internal static class RpcStatusText
{
    /// <summary>Bytes of UTF-8, those outside of printable ASCII and the percent sign as three characters.</summary>
    public static string Escape(string message)
    {
        var text = new StringBuilder(message.Length);
        foreach (var one in Encoding.UTF8.GetBytes(message))
        {
            if (one is >= 0x20 and < 0x7F and not (byte)'%')
            {
                text.Append((char)one);
            }
            else
            {
                text.Append(CultureInfo.InvariantCulture, $"%{one:X2}");
            }
        }

        return text.ToString();
    }
}
