using System.IO.Abstractions;
using System.Net;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Host.Options;
using InferenceServer.Host.Startup;
using InferenceServer.Microbenchmarks.Engines;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace InferenceServer.Microbenchmarks.Servers;

/// <summary>The whole server on loopback, in this process, with a sample model.</summary>
internal sealed class WholeServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private WholeServer(WebApplication app, ServerOptions options)
    {
        _app = app;
        var addresses = StartupReporter.Addresses(app.Services.GetRequiredService<IServer>(), options);
        Http = IPEndPoint.Parse(new Uri(addresses["HTTP"]).Authority);
        Rpc = IPEndPoint.Parse(addresses["gRPC"]);
    }

    public IPEndPoint Http { get; }

    public IPEndPoint Rpc { get; }

    public static async Task<WholeServer> StartAsync()
    {
        var repository = EngineModel.Repository;
        string[] args =
        [
            "--http-address=127.0.0.1", "--grpc-address=127.0.0.1", "--http-port=0", "--grpc-port=0", "--metrics-port=0", $"--model-repository={repository}",
            "--model-control-mode=explicit", $"--load-model={EngineModel.AddSub.Name}", "--log-info=false",
        ];
        var options = ServerOptionsReader.Read(new ConfigurationBuilder().Build(), Host.Options.CommandLine.Parse(args), repository, new FileSystem(), [.. ServerHost.MakeBackends(TimeProvider.System).Select(static backend => backend.Descriptor)], out var problems);
        if (problems.Count > 0)
        {
            throw new InvalidOperationException(string.Join(' ', problems));
        }

        var app = ServerHost.Build(options, TextWriter.Null);
        await app.StartAsync();
        await app.Services.GetRequiredService<IModelStatusSource>().FirstSettled;
        return new WholeServer(app, options);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
