using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>Asks for a large answer and takes it in small pieces with a tiny buffer, to the end or not.</summary>
internal sealed class SlowReader : ISoakActor
{
    private const int MaxBytes = 1 << 20;
    private const int Buffer = 4096;

    public async Task StepAsync(SoakScene scene, Random random)
    {
        using var client = new HttpClient(new SocketsHttpHandler { ConnectCallback = ConnectAsync }) { BaseAddress = scene.Http, Timeout = Timeout.InfiniteTimeSpan };
        var bytes = new byte[random.Next(MaxBytes / 4, MaxBytes)];
        random.NextBytes(bytes);
        var header = Encoding.UTF8.GetBytes($$"""{"inputs":[{"name":"X","datatype":"UINT8","shape":[{{bytes.Length}}],"parameters":{"binary_data_size":{{bytes.Length}} } }],"parameters":{"binary_data_output":true} }""");
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v2/models/{SoakRepository.Large}/infer") { Content = new ByteArrayContent([.. header, .. bytes]) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        request.Content.Headers.Add("Inference-Header-Content-Length", header.Length.ToString(CultureInfo.InvariantCulture));
        var ticket = scene.Books.Open(SoakWay.Http, SoakRepository.Large);
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using var body = await answer.Content.ReadAsStreamAsync();
        using var read = new MemoryStream();
        var piece = new byte[Buffer];
        for (var i = random.Next(5, 60); i > 0; i--)
        {
            await read.WriteAsync(piece.AsMemory(0, await body.ReadAsync(piece.AsMemory(0, random.Next(1, piece.Length)))));
            await scene.PauseAsync(random.Next(0, 10));
        }

        if (scene.Leaves && random.Next(2) == 0)
        {
            ticket.Cut(SoakEnd.CutLater);
            return;
        }

        await body.CopyToAsync(read);
        if (!answer.IsSuccessStatusCode || !read.GetBuffer().AsSpan(0, (int)read.Length).EndsWith(bytes))
        {
            scene.Books.Fault($"'{SoakRepository.Large}': {answer.StatusCode}, {read.Length} bytes came for {bytes.Length}, and not these");
        }

        ticket.Answer();
    }

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = Buffer };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
