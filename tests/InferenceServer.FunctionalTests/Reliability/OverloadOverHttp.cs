using System.Globalization;
using System.Net;
using Xunit;

namespace InferenceServer.FunctionalTests.Reliability;

internal sealed class OverloadOverHttp(HttpClient http, string model, byte[] question) : IOverloadDoor
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async Task<(OverloadEnd End, string Status)> AskAsync(TimeSpan? deadline)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v2/models/{model}/infer") { Content = new ByteArrayContent(question) };
        if (deadline is { } limit)
        {
            request.Headers.TryAddWithoutValidation("x-request-timeout-ms", limit.TotalMilliseconds.ToString("F0", CultureInfo.InvariantCulture));
        }

        try
        {
            using var response = await http.SendAsync(request, Token);
            await response.Content.ReadAsByteArrayAsync(Token);
            return (EndOf(response), response.StatusCode.ToString());
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException && !Token.IsCancellationRequested)
        {
            return (OverloadEnd.Failed, exception.Message);
        }
    }

    private static OverloadEnd EndOf(HttpResponseMessage response) => response.StatusCode switch
    {
        HttpStatusCode.OK => OverloadEnd.Answered,
        HttpStatusCode.GatewayTimeout => OverloadEnd.Late,
        HttpStatusCode.ServiceUnavailable when response.Headers.RetryAfter is not null => OverloadEnd.Refused,
        _ => OverloadEnd.Failed,
    };
}
