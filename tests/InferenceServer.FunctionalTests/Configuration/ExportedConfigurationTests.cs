using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Lifecycle;
using InferenceServer.FunctionalTests.Models;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Configuration;

/// <summary>What is exported is fed back: as a file of either kind and with a load request, it is the same model.</summary>
public sealed partial class ExportedConfigurationTests : IDisposable
{
    private readonly TemporaryDirectory _repository = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string> Models => [.. Directory.GetDirectories(Path.Combine(RepositoryRoot.Path, "model-repository")).Select(static folder => Path.GetFileName(folder)), .. HandmadeModels.Names, .. SequenceModels.Names];

    public void Dispose() => _repository.Dispose();

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Export_FedBack_IsTheSameModel(string model)
    {
        Write(model);
        await using var server = await RunningServer.StartAsync(_repository.FullPath, flags: ["--model-control-mode=explicit", $"--load-model={model}"]);
        var first = Serving(server, model);
        Assert.NotEmpty(first);
        var json = await ExportAsync(server, model);
        var text = ModelConfigTextWriter.Write(first[^1].Config.ToMessage());
        var answers = await AnswerAsync(server, model);

        foreach (var (file, content) in new[] { ("config.json", json), ("config.pbtxt", text) })
        {
            File.Delete(Path.Combine(_repository.FullPath, model, "config.pbtxt"));
            File.Delete(Path.Combine(_repository.FullPath, model, "config.json"));
            _repository.Write($"{model}/{file}", content);
            await LoadAsync(server, model, "");

            // What serves is what served: nothing was loaded.
            Assert.Equal(first, Serving(server, model));
            Assert.Equal(json, await ExportAsync(server, model));

            await UnloadAsync(server, model);
            await LoadAsync(server, model, "");
            Assert.Equal(json, await ExportAsync(server, model));
            Assert.Equal(text, ModelConfigTextWriter.Write(Serving(server, model)[^1].Config.ToMessage()));
            Assert.Equal(answers, await AnswerAsync(server, model));
            first = Serving(server, model);
        }

        var request = new JsonObject { ["parameters"] = new JsonObject { ["config"] = json } }.ToJsonString();
        await LoadAsync(server, model, request);
        Assert.Equal(first, Serving(server, model));
        await UnloadAsync(server, model);
        File.Delete(Path.Combine(_repository.FullPath, model, "config.pbtxt"));
        await LoadAsync(server, model, request);
        Assert.Equal(json, await ExportAsync(server, model));
        Assert.Equal(answers, await AnswerAsync(server, model));
    }

    private static ServedModel[] Serving(RunningServer server, string model) =>
        [.. server.Statuses.Where(status => status.Name == model && status.State == ModelState.Ready).OrderBy(static status => status.Version).Select(static status => status.Served!)];

    private static Task<string> ExportAsync(RunningServer server, string model) => server.Http.GetStringAsync($"/v2/models/{model}/config", Token);

    private static async Task LoadAsync(RunningServer server, string model, string request) =>
        Assert.Equal((HttpStatusCode.OK, ""), await server.PostAsync($"/v2/repository/models/{model}/load", request));

    private static async Task UnloadAsync(RunningServer server, string model) =>
        Assert.Equal((HttpStatusCode.OK, ""), await server.PostAsync($"/v2/repository/models/{model}/unload", ""));

    /// <summary>What the model answers to made-up inputs, with the labels of its classes; nothing for a model that answers its own way.</summary>
    private static async Task<string> AnswerAsync(RunningServer server, string model)
    {
        var served = Serving(server, model)[^1];
        if (served.Config.IsDecoupled)
        {
            return "";
        }

        var metadata = JsonNode.Parse(await server.Http.GetStringAsync($"/v2/models/{model}", Token))!;
        var outputs = new JsonArray([.. metadata["outputs"]!.AsArray().Select(output =>
        {
            var wanted = new JsonObject { ["name"] = output!["name"]!.GetValue<string>() };
            if (served.Labels.ContainsKey(output["name"]!.GetValue<string>()))
            {
                wanted["parameters"] = new JsonObject { ["classification"] = 2 };
            }

            return (JsonNode)wanted;
        })]);
        var request = new JsonObject { ["inputs"] = MadeUpInputs.Of(metadata), ["outputs"] = outputs };
        if (served.Config.SequenceBatching is not null)
        {
            request["parameters"] = new JsonObject { ["sequence_id"] = model == "look_str" ? "seven" : 7, ["sequence_start"] = true, ["sequence_end"] = true };
        }

        var (status, body) = await server.PostAsync($"/v2/models/{model}/infer", request.ToJsonString());
        Assert.True(status == HttpStatusCode.OK, body);
        return body;
    }

    private void Write(string model)
    {
        if (HandmadeModels.Names.Contains(model))
        {
            HandmadeModels.Write(_repository, model);
            return;
        }

        if (SequenceModels.Names.Contains(model))
        {
            SequenceModels.Write(_repository, model);
            return;
        }

        var source = Path.Combine(RepositoryRoot.Path, "model-repository", model);
        foreach (var member in MembersOf(Path.Combine(source, "config.pbtxt")))
        {
            Write(member);
        }

        Directory.CreateDirectory(Path.Combine(_repository.FullPath, model, "1"));
        foreach (var file in Directory.GetFiles(source, "*", SearchOption.AllDirectories))
        {
            _repository.Write(Path.Combine(model, Path.GetRelativePath(source, file)), File.ReadAllBytes(file));
        }
    }

    /// <summary>The models that the steps of an ensemble name.</summary>
    private static IEnumerable<string> MembersOf(string config) =>
        File.Exists(config) ? ModelName().Matches(File.ReadAllText(config)).Select(static match => match.Groups[1].Value).Distinct(StringComparer.Ordinal) : [];

    [GeneratedRegex("model_name: *\"([^\"]+)\"")]
    private static partial Regex ModelName();
}
