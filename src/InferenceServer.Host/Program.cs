using System.IO.Abstractions;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Host.Benching;
using InferenceServer.Host.Checking;
using InferenceServer.Host.Identities;
using InferenceServer.Host.Options;
using InferenceServer.Host.Probing;
using InferenceServer.Host.Reference;
using InferenceServer.Host.Startup;
using InferenceServer.Host.Trials;

if (args is [TrialCommand.Word])
{
    return await TrialCommand.RunAsync(Console.OpenStandardInput(), Console.Out);
}

if (KeyCommand.IsFor(args))
{
    return await KeyCommand.RunAsync(args, Console.In, Console.Out, Console.Error);
}

if (ReferenceCommand.IsFor(args))
{
    return ReferenceCommand.Run(Console.Out);
}

if (BenchEntry.IsFor(args))
{
    return await BenchEntry.RunAsync(args, Console.Out, Console.Error);
}

var line = CommandLine.Parse(args);
if (line.WantsHelp)
{
    Console.Out.Write(HelpText.Make());
    return 0;
}

if (line.WantsVersion)
{
    Console.Out.WriteLine(ServerHost.Version);
    return 0;
}

if (!line.WantsProbe)
{
    InitialReading.BeginWarmUp();
}

var files = new FileSystem();
var configuration = new ConfigurationBuilder()
    .AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: true)
    .AddJsonFile(Path.GetFullPath("appsettings.json"), optional: true)
    .AddEnvironmentVariables()
    .Build();
var options = ServerOptionsReader.Read(configuration, line, RepositoryDefault.Find(files), files, [.. ServerHost.MakeBackends(TimeProvider.System).Select(static backend => backend.Descriptor)], out var errors);
if (errors.Count > 0)
{
    Console.Error.WriteLine($"The server cannot start: {errors.Count} of its options {(errors.Count == 1 ? "is" : "are")} wrong.");
    foreach (var error in errors)
    {
        Console.Error.WriteLine($"  {error}");
    }

    Console.Error.WriteLine("--help lists every option.");
    return 1;
}

if (line.WantsProbe)
{
    using var client = ProbeCommand.MakeClient(options);
    return await new ProbeCommand(client, Console.Out).RunAsync(CancellationToken.None);
}

if (line.WantsCheck)
{
    await using var services = ServerHost.BuildWithoutListeners(options, Console.Out);
    return await services.GetRequiredService<CheckCommand>().RunAsync(CancellationToken.None);
}

await using var app = ServerHost.Build(options, Console.Out);
var tidying = new StartGarbage(app.Services.GetRequiredService<IModelStatusSource>().FirstSettled, new ManagedHeap(), TimeProvider.System).RunAsync(app.Lifetime.ApplicationStopping);
await app.RunAsync();
await tidying;
return Environment.ExitCode;
