using System.CommandLine;
using InferenceServer.Bench.Commands;
using InferenceServer.LoadGenerator.Loads;

namespace InferenceServer.LoadGenerator.Commands;

/// <summary>Measures how long loads take on one server against another.</summary>
internal static class LoadsCommand
{
    public static Command Create()
    {
        var http = OptionChecks.Address("--http", "Where the server listens for HTTP", 8000);
        var other = OptionChecks.Address("--against", "Where the other server listens for HTTP", 8010);
        var models = OptionChecks.Names("--models", "The models to load, separated by commas");
        var rounds = CheckedOption.Whole("--rounds", "Rounds the medians are taken over", 9, 1, 1000);
        var timeout = CheckedOption.Seconds("--timeout", "Longest wait for one load", 300, 0.1, 3600);
        var command = new Command("loads", "Loads and unloads models on two running servers (--model-control-mode=explicit), in turns, and prints a table of how long loads took");
        foreach (var option in (Option[])[http, other, models, rounds, timeout])
        {
            command.Add(option);
        }

        command.SetAction((parsed, cancellation) => Failures.ReportAsync(async () =>
        {
            using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(parsed.GetRequiredValue(timeout)) };
            var measurement = new LoadsMeasurement(parsed.GetRequiredValue(models), parsed.GetRequiredValue(rounds), client);
            await Console.Out.WriteAsync(LoadsTable.Markdown(await measurement.RunAsync(parsed.GetRequiredValue(http), parsed.GetRequiredValue(other), cancellation)));
            return 0;
        }));
        return command;
    }
}
