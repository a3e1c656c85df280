using System.Net;
using System.Text;
using InferenceServer.Microbenchmarks.Engines;

namespace InferenceServer.Microbenchmarks.Servers;

/// <summary>A request to the sample model over HTTP.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Body">Its body.</param>
/// <param name="Fields">Fields of its head, each with the end of its line.</param>
internal sealed record ServerRequest(string Name, byte[] Body, string Fields)
{
    private const int Elements = 16;

    private static readonly string s_path = $"/v2/models/{EngineModel.AddSub.Name}/infer";

    /// <summary>With its elements in JSON, and behind it.</summary>
    public static IEnumerable<ServerRequest> OverHttp { get; } = [Json(), Binary()];

    /// <summary>The whole server, and a client of it.</summary>
    public async Task<HttpStage> StartServerAsync()
    {
        var server = await WholeServer.StartAsync();
        return new HttpStage(server, Open(server.Http));
    }

    /// <summary>A bare endpoint that gives the answer of the server, and a client of it.</summary>
    public async Task<HttpStage> StartEchoAsync()
    {
        var echo = await EchoServer.StartHttpAsync(await RecordAsync());
        return new HttpStage(echo, Open(echo.Address));
    }

    public override string ToString() => Name;

    private static ServerRequest Json()
    {
        var values = string.Join(',', Enumerable.Range(0, Elements));
        return new("JSON", Encoding.UTF8.GetBytes(Head($"\"data\":[{values}]", "")), "Content-Type: application/json\r\n");
    }

    private static ServerRequest Binary()
    {
        var head = Encoding.UTF8.GetBytes(Head($"\"parameters\":{{\"binary_data_size\":{Elements * sizeof(float)}}}", ",\"parameters\":{\"binary_data_output\":true}"));
        return new("binary", [.. head, .. new byte[EngineModel.AddSub.Inputs.Length * Elements * sizeof(float)]], $"Content-Type: application/octet-stream\r\nInference-Header-Content-Length: {head.Length}\r\n");
    }

    private static string Head(string rest, string more) =>
        $"{{\"inputs\":[{string.Join(',', EngineModel.AddSub.Inputs.Select(name => $"{{\"name\":\"{name}\",\"datatype\":\"FP32\",\"shape\":[1,{Elements}],{rest}}}"))}]{more}}}";

    private HttpExchange Open(IPEndPoint address) => new(address, s_path, Body, Fields);

    /// <summary>The body of the server's answer.</summary>
    private async Task<byte[]> RecordAsync()
    {
        await using var server = await WholeServer.StartAsync();
        using var exchange = Open(server.Http);
        var answer = exchange.Exchange();
        return answer[(answer.IndexOf("\r\n\r\n"u8) + 4)..].ToArray();
    }
}
