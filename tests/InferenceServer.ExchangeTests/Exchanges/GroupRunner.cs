using InferenceServer.ExchangeTests.Comparing;
using InferenceServer.ExchangeTests.Rpc;
using InferenceServer.ExchangeTests.Steps;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using Xunit.Sdk;

namespace InferenceServer.ExchangeTests.Exchanges;

/// <summary>Asks a server of its own the cases of one group.</summary>
internal static class GroupRunner
{
    /// <param name="group">The cases, in their order.</param>
    /// <param name="problems">What went wrong with the server itself.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    public static async Task<IReadOnlyList<CaseVerdict>> RunAsync(ExchangeGroup group, List<string> problems, CancellationToken cancellation)
    {
        // What the recorded server always allows has to be switched on here.
        RunningServer server;
        try
        {
            server = await RunningServer.StartAsync(ExchangeLibrary.Models(group.Repository), expectsErrors: true, flags: [.. group.Flags, "--allow-setting-changes=true"]);
        }
        catch (XunitException exception)
        {
            // It knows no such option: no case can match.
            var difference = new Difference("server start", "running", exception.Message);
            return [.. group.Cases.Select(one => new CaseVerdict(one, [], [difference]))];
        }

        var verdicts = new List<CaseVerdict>();
        try
        {
            var runner = new StepRunner(server.Http.BaseAddress!.Authority, new Uri(server.MetricsAddress).Authority, new RpcExchange(server.Channel, TimeProvider.System), TimeProvider.System, cancellation);
            foreach (var one in group.Cases)
            {
                verdicts.Add(await RunAsync(one, runner));
            }

            // That a model does not load is told by the cases that ask for it.
            problems.AddRange(server.LoggedErrors.Where(static message => !message.Contains("cannot be loaded", StringComparison.Ordinal) && !message.Contains("failed to load", StringComparison.Ordinal)).Select(static message => $"the server logged an error: {message}"));
        }
        finally
        {
            try
            {
                await server.DisposeAsync().AsTask().WaitAsync(TestTimeouts.Phase, cancellation);
            }
            catch (XunitException exception)
            {
                problems.Add($"the server did not end well: {exception.Message}");
            }
        }

        return verdicts;
    }

    private static async Task<CaseVerdict> RunAsync(ExchangeCase one, StepRunner runner)
    {
        var differences = new List<Difference>();
        var answers = new List<StepAnswer[]>();
        for (var i = 0; i < one.Steps.Length; i++)
        {
            var found = new List<Difference>();
            try
            {
                answers.Add(await runner.RunAsync(one.Steps[i], found));
            }
            catch (IOException exception)
            {
                found.Add(new Difference("step", "done", exception.Message));
            }

            differences.AddRange(one.Steps.Length == 1 ? found : found.Select(difference => difference with { Where = $"step {i} {difference.Where}" }));
        }

        return new CaseVerdict(one, answers, differences);
    }
}
