using System.Text.Json;
using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Failures;
using InferenceServer.Bench.Http;
using InferenceServer.Bench.Requests;

namespace InferenceServer.Bench.Servers;

/// <summary>Asks over HTTP.</summary>
internal sealed class HttpRegionServer(ServerAddress server, ConnectionSettings settings, TimeProvider clock) : IRegionServer
{
    public Task RegisterAsync(string name, string key, long length)
    {
        var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("key", key);
            json.WriteNumber("offset", 0);
            json.WriteNumber("byte_size", length);
            json.WriteEndObject();
        }

        return PostAsync(name, "register", body.ToArray());
    }

    public Task UnregisterAsync(string name) => PostAsync(name, "unregister", []);

    private Task PostAsync(string name, string what, byte[] body) => Task.Run(() =>
    {
        using var connection = HttpConnection.Open(server, settings, clock);
        connection.Exchange(HttpRequestBuilder.Post(server, $"/v2/systemsharedmemory/region/{Uri.EscapeDataString(name)}/{what}", settings.Headers, "application/json", null, body));
        if (connection.Response.StatusCode != 200)
        {
            throw new RequestFailedException(RequestFailure.OfStatus(connection.Response.StatusCode, connection.Response.Body));
        }
    });
}
