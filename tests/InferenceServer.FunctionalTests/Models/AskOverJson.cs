using System.Text.Json;

namespace InferenceServer.FunctionalTests.Models;

/// <summary>Asks with JSON tensors over HTTP.</summary>
internal sealed class AskOverJson(HttpClient client) : IAsk
{
    public async Task<Answer> AskAsync(Question question, CancellationToken cancellationToken)
    {
        var inputs = question.Inputs.Select(static input =>
            $$"""{"name":"{{input.Name}}","datatype":"{{input.DataType}}","shape":[{{string.Join(',', input.Shape)}}],"data":{{input.Json}}}""");
        var outputs = question.Outputs.Length == 0 ? "" : $$""","outputs":[{{string.Join(',', question.Outputs.Select(static name => $$"""{"name":"{{name}}"}"""))}}]""";
        var id = question.Id.Length == 0 ? "" : $"\"id\":\"{question.Id}\",";
        var parameters = question.ParametersAsJson.Any() ? $",\"parameters\":{{{string.Join(',', question.ParametersAsJson)}}}" : "";
        using var content = new StringContent($"{{{id}\"inputs\":[{string.Join(',', inputs)}]{outputs}{parameters}}}");
        using var response = await client.PostAsync($"/v2/models/{question.Model}/infer", content, cancellationToken);
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
        return response.IsSuccessStatusCode ? Read(document.RootElement) : ReadError((int)response.StatusCode, document.RootElement);
    }

    internal static Answer ReadError(int status, JsonElement root) => new()
    {
        Status = status.ToString(System.Globalization.CultureInfo.InvariantCulture),
        Error = root.GetProperty("error").GetString()!,
    };

    internal static Answer Read(JsonElement root) => new()
    {
        Id = root.TryGetProperty("id", out var id) ? id.GetString()! : "",
        ModelName = root.GetProperty("model_name").GetString()!,
        ModelVersion = root.GetProperty("model_version").GetString()!,
        Outputs = [.. root.GetProperty("outputs").EnumerateArray().Select(ReadOutput)],
    };

    private static AnswerOutput ReadOutput(JsonElement output)
    {
        var type = output.GetProperty("datatype").GetString()!;
        var data = output.TryGetProperty("data", out var values) ? values.EnumerateArray().ToArray() : [];
        return new AnswerOutput(
            output.GetProperty("name").GetString()!,
            type,
            [.. output.GetProperty("shape").EnumerateArray().Select(static value => value.GetInt64())],
            type == "BYTES" ? [] : [.. data.Select(static value => value.GetDouble())],
            type == "BYTES" ? [.. data.Select(static value => value.GetString()!)] : []);
    }
}
