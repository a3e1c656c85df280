using InferenceServer.Core.Logging;
using InferenceServer.Host.Logging;
using Serilog.Core;
using Serilog.Events;
using Xunit;

namespace InferenceServer.Host.Tests.Logging;

public sealed class ServerLoggingTests
{
    private const string Own = "InferenceServer.Core.Lifecycle.ModelManager";
    private const string Library = "Microsoft.AspNetCore.Server.Kestrel";
    private const string Requests = "Microsoft.AspNetCore.Hosting.Diagnostics";

    [Theory]
    [InlineData(0u, Own, "Information Warning Error Fatal")]
    [InlineData(1u, Own, "Debug Information Warning Error Fatal")]
    [InlineData(9u, Own, "Debug Information Warning Error Fatal")]
    [InlineData(0u, Library, "Warning Error Fatal")]
    [InlineData(1u, Library, "Warning Error Fatal")]
    [InlineData(2u, Library, "Debug Information Warning Error Fatal")]
    [InlineData(1u, Requests, "")]
    [InlineData(2u, Requests, "Debug Information Warning Error Fatal")]
    public void VerboseLevel_DecidesWhatIsLogged(uint level, string source, string expected)
    {
        var control = new LogControl(new LogSettings(0, true, true, true, LogFormat.Default));
        control.Apply(new LogSettingsUpdate { VerboseLevel = level });
        Assert.Equal(expected, Log(control, source));
    }

    [Fact]
    public void Switches_TakeEffectAtOnceAndCanBeTakenBack()
    {
        var control = new LogControl(new LogSettings(0, true, true, true, LogFormat.Default));
        control.Apply(new LogSettingsUpdate { Info = false });
        Assert.Equal("Warning Error Fatal", Log(control, Own));
        control.Apply(new LogSettingsUpdate { Error = false });
        Assert.Equal("Warning", Log(control, Own));
        control.Apply(new LogSettingsUpdate { Warning = false, Info = true });
        Assert.Equal("Information", Log(control, Own));
        control.Apply(new LogSettingsUpdate { Warning = true, Error = true });
        Assert.Equal("Information Warning Error Fatal", Log(control, Own));
        Assert.Equal(new LogSettings(0, true, true, true, LogFormat.Default), control.Current);
    }

    /// <summary>What a client can bring about as often as it likes is nobody's emergency; what else is fatal to the web server is.</summary>
    [Theory]
    [InlineData("Connection id {ConnectionId} exceeded the output operations maximum queue size of {Count}.", 0u, 0)]
    [InlineData("Connection id {ConnectionId} aborted since at least {Count} ENHANCE_YOUR_CALM responses were recorded per second.", 0u, 0)]
    [InlineData("Connection id {ConnectionId} exceeded the output operations maximum queue size of {Count}.", 2u, 1)]
    [InlineData("The event loop in connection {ConnectionId} failed unexpectedly ({Count}).", 0u, 1)]
    public void ConnectionThatIsEndedForAFlood_IsNotFatal(string message, uint level, int lines)
    {
        var control = new LogControl(new LogSettings(level, true, true, true, LogFormat.Default));
        var sink = new Sink();
        using (var logger = ServerLogging.Create(control, new BufferedLog(), sink))
        {
            logger.ForContext(Constants.SourceContextPropertyName, "Microsoft.AspNetCore.Server.Kestrel.Http2").Write(LogEventLevel.Fatal, message, "x", 1);
        }

        Assert.Equal(lines, sink.Levels.Count);
    }

    private static string Log(LogControl control, string source)
    {
        var sink = new Sink();
        using (var logger = ServerLogging.Create(control, new BufferedLog(), sink))
        {
            var own = logger.ForContext(Constants.SourceContextPropertyName, source);
            foreach (var level in Enum.GetValues<LogEventLevel>())
            {
                own.Write(level, "test");
            }
        }

        return string.Join(' ', sink.Levels);
    }

    private sealed class Sink : ILogEventSink
    {
        public List<LogEventLevel> Levels { get; } = [];

        public void Emit(LogEvent logEvent) => Levels.Add(logEvent.Level);
    }
}
