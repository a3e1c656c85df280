using System.Text;
using InferenceServer.ExchangeTests.Json;

namespace InferenceServer.ExchangeTests.Http;

/// <summary>The body of a recorded request or response: text, or base64 where it is no text.</summary>
internal static class ExchangeBody
{
    public static byte[] Of(JsonObject message) => (message["body_b64"], message["body"]) switch
    {
        (string base64, _) => Convert.FromBase64String(base64),
        (_, string text) => Encoding.UTF8.GetBytes(text),
        _ => [],
    };
}
