using InferenceServer.Microbenchmarks.Stages;

namespace InferenceServer.Microbenchmarks.Servers;

/// <summary>A request over HTTP/1.1, from the client's socket and back.</summary>
/// <param name="server">Belongs to the stage.</param>
/// <param name="exchange">Its client.</param>
internal sealed class HttpStage(IAsyncDisposable server, HttpExchange exchange) : IStage, IAsyncDisposable
{
    public void Run() => exchange.Exchange();

    public ValueTask DisposeAsync()
    {
        exchange.Dispose();
        return server.DisposeAsync();
    }
}
