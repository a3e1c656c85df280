using System.IO.Abstractions;
using System.Net;
using Grpc.Net.Client;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Memory;
using InferenceServer.Host.Options;
using InferenceServer.Host.Startup;
using InferenceServer.Protocols.KServe.Memory;
using InferenceServer.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Serilog.Core;
using Serilog.Events;
using Xunit;

namespace InferenceServer.FunctionalTests.Server;

/// <summary>
/// The whole server in the test's process: real Kestrel on free loopback ports, real backends, a real repository. Stopping it checks that
/// nothing unexpected was logged and that every tensor buffer, and all memory for bodies, came back.
/// </summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ErrorSink _errors;
    private readonly bool _expectsErrors;

    private RunningServer(WebApplication app, ErrorSink errors, ServerOptions options, StringWriter output, bool expectsErrors)
    {
        _app = app;
        _errors = errors;
        _expectsErrors = expectsErrors;
        Output = output;
        var addresses = StartupReporter.Addresses(app.Services.GetRequiredService<IServer>(), options);
        Http = new HttpClient { BaseAddress = new Uri(addresses["HTTP"]), Timeout = TestTimeouts.Phase };
        MetricsAddress = addresses["metrics"];
        RpcAddress = addresses["gRPC"];
        Channel = GrpcChannel.ForAddress("http://" + addresses["gRPC"], new GrpcChannelOptions { MaxReceiveMessageSize = null, MaxSendMessageSize = null });
        Rpc = new Inference.GRPCInferenceService.GRPCInferenceServiceClient(Channel);
    }

    public HttpClient Http { get; }

    public GrpcChannel Channel { get; }

    public Inference.GRPCInferenceService.GRPCInferenceServiceClient Rpc { get; }

    public string MetricsAddress { get; }

    /// <summary>Host and port of gRPC.</summary>
    public string RpcAddress { get; }

    /// <summary>What the server printed for people.</summary>
    public StringWriter Output { get; }

    public IReadOnlyList<ModelStatus> Statuses => _app.Services.GetRequiredService<IModelStatusSource>().Statuses;

    public IReadOnlyList<string> LoggedErrors => _errors.Messages;

    /// <summary>What the server logs.</summary>
    public required EventSink Log { get; init; }

    public static async Task<RunningServer> StartAsync(string repository, bool expectsErrors = false, bool waitForModels = true, params string[] flags)
    {
        string[] args = ["--http-address=127.0.0.1", "--grpc-address=127.0.0.1", "--http-port=0", "--grpc-port=0", "--metrics-port=0", $"--model-repository={repository}", .. flags];
        var options = ServerOptionsReader.Read(new ConfigurationBuilder().Build(), CommandLine.Parse(args), repository, new FileSystem(), [.. ServerHost.MakeBackends(TimeProvider.System).Select(static backend => backend.Descriptor)], out var problems);
        Assert.Empty(problems);
        var errors = new ErrorSink();
        var output = new StringWriter();
        var log = new EventSink();
        var app = ServerHost.Build(options, output, errors, log);
        await app.StartAsync(TestContext.Current.CancellationToken);
        var server = new RunningServer(app, errors, options, output, expectsErrors) { Log = log };
        if (waitForModels)
        {
            await app.Services.GetRequiredService<IModelStatusSource>().FirstSettled.WaitAsync(TestTimeouts.Start);

            // What is printed for people follows in its own time, and only then can be read.
            await app.Services.GetServices<IHostedService>().OfType<StartupReporter>().Single().ExecuteTask!.WaitAsync(TestTimeouts.Start);
        }

        return server;
    }

    /// <summary>A service of the server's container.</summary>
    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    public async Task<(HttpStatusCode Status, string Body)> PostAsync(string path, string json)
    {
        using var content = new StringContent(json);
        using var response = await Http.PostAsync(path, content, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Stops the server while its clients are still connected.</summary>
    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        Channel.Dispose();
        var pool = _app.Services.GetRequiredService<TensorPool>();
        var memory = _app.Services.GetRequiredService<RequestMemoryGate>();
        await _app.StopAsync();
        Assert.Equal(0, pool.RentedBuffers);
        Assert.Equal((0, 0), (memory.InUse, memory.Waiting));
        await _app.DisposeAsync();

        // The web server stumbles over a connection that a handler has left in the middle of a read.
        Assert.DoesNotContain(Log.Events, static one => one.Exception is InvalidOperationException && one.Properties.GetValueOrDefault(Constants.SourceContextPropertyName)?.ToString().Contains("Kestrel", StringComparison.Ordinal) == true);
        if (!_expectsErrors)
        {
            Assert.Empty(_errors.Messages);
        }
    }

    private sealed class ErrorSink : ILogEventSink
    {
        private readonly List<string> _messages = [];

        public IReadOnlyList<string> Messages
        {
            get
            {
                lock (_messages)
                {
                    return [.. _messages];
                }
            }
        }

        public void Emit(LogEvent logEvent)
        {
            if (logEvent.Level >= LogEventLevel.Error)
            {
                lock (_messages)
                {
                    _messages.Add(logEvent.RenderMessage() + logEvent.Exception);
                }
            }
        }
    }
}
