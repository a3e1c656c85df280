using System.Text.Json;
using System.Text.RegularExpressions;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Host.Options;
using InferenceServer.Host.Reference;
using Xunit;

namespace InferenceServer.FunctionalTests.Documentation;

/// <summary>The configuration reference is what the code says, and the few tables that stand beside the code say what it does.</summary>
public sealed partial class ReferencePageTests
{
    private const string Renewal = "dotnet run --project src/InferenceServer.Host -- reference > docs/configuration-reference.md";

    [Fact]
    public void Page_IsWhatTheServerPrints()
    {
        using var output = new StringWriter();
        Assert.Equal(0, ReferenceCommand.Run(output));
        Assert.Contains(Renewal, output.ToString(), StringComparison.Ordinal);
        Assert.True(output.ToString() == File.ReadAllText(Path.Combine(RepositoryRoot.Path, "docs", "configuration-reference.md")), $"docs/configuration-reference.md is not what the code says; renew it: {Renewal}");
    }

    [Fact]
    public void Options_AllHaveAPlaceInThePage() =>
        Assert.All(OptionTable.All, static option => Assert.Contains($"| `--{option.Flag}`", ReferencePage.Make(), StringComparison.Ordinal));

    [Fact]
    public void Options_OfTheTableAreInOneGroup()
    {
        var declared = new[] { typeof(OptionTable), typeof(SecurityOptionTable) }
            .SelectMany(static table => table.GetProperties().Where(static property => property.PropertyType == typeof(OptionDefinition)))
            .Select(static property => ((OptionDefinition)property.GetValue(null)!).Flag)
            .Order(StringComparer.Ordinal).ToList();
        var tls = new[] { SecurityOptionTable.Http, SecurityOptionTable.Grpc, SecurityOptionTable.Metrics }.SelectMany(static group => group.All).Select(static option => option.Flag);
        Assert.Equal(declared.Concat(tls).Order(StringComparer.Ordinal), OptionTable.All.Select(static option => option.Flag).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Defaults_AreWithinTheirRange() => Assert.All(OptionTable.All, static option =>
    {
        switch (option.Kind)
        {
            case OptionKind.Number:
                Assert.InRange(long.Parse(option.Default, System.Globalization.CultureInfo.InvariantCulture), option.Minimum, option.Maximum);
                Assert.Equal(option.Flag.EndsWith("-secs", StringComparison.Ordinal), option.Unit == OptionUnit.Seconds);
                break;
            case OptionKind.Boolean:
                Assert.Contains(option.Default, new[] { "true", "false" });
                break;
            case OptionKind.Word:
                Assert.Contains(option.Default, option.Words);
                break;
        }
    });

    [Fact]
    public void BackendsInFolders_AreThoseOfTheirManifests()
    {
        var manifests = Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, "src"), "backend.json", SearchOption.AllDirectories)
            .Where(static path => !IsBuilt(path))
            .Select(static path => JsonDocument.Parse(File.ReadAllText(path)).RootElement)
            .ToDictionary(static root => root.GetProperty("name").GetString()!, static root => root.TryGetProperty("settings", out var settings) ? settings.EnumerateArray().Select(static one => one.GetString()!).ToArray() : []);
        Assert.Equal(manifests.Keys.Order(StringComparer.Ordinal), FolderBackends.All.Select(static backend => backend.Name).Order(StringComparer.Ordinal));
        Assert.All(FolderBackends.All, backend => Assert.Equal(manifests[backend.Name], backend.Settings.Select(static one => one.Name)));
    }

    [Theory]
    [InlineData("pytorch", "src/InferenceServer.Backends.Torch/TorchSettingsReader.cs")]
    [InlineData("lightgbm", "src/Trees/TreeSettings.cs")]
    [InlineData("xgboost", "src/Trees/TreeSettings.cs")]
    public void ParametersOfBackendsInFolders_AreThoseThatTheirSourcesRead(string backend, string source)
    {
        var described = FolderBackends.All.Single(one => one.Name == backend);
        var read = KeyConstant().Matches(File.ReadAllText(Path.Combine(RepositoryRoot.Path, source))).Select(static match => match.Groups[1].Value).ToHashSet(StringComparer.Ordinal);
        Assert.NotEmpty(read);
        Assert.True(read.IsSubsetOf(described.Parameters.Concat(described.Settings).Select(static one => one.Name)), string.Join(", ", read));
        Assert.All(described.Parameters, one => Assert.Contains(one.Name, read));
    }

    [Fact]
    public void Variables_AreThoseThatTheSourcesRead()
    {
        var read = Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(static path => !IsBuilt(path) && !path.EndsWith($"{nameof(VariableTable)}.cs", StringComparison.Ordinal))
            .Select(static path => (Path: path, Text: File.ReadAllText(path)))
            .Where(static file => file.Text.Contains("OTEL_", StringComparison.Ordinal) || file.Text.Contains("environment(", StringComparison.Ordinal) || file.Text.Contains("GetEnvironmentVariable", StringComparison.Ordinal) || file.Text.Contains("Get(environment", StringComparison.Ordinal))
            .SelectMany(static file => VariableName().Matches(file.Text).Select(static match => match.Groups[1].Value))
            .Where(static name => name != "OTEL_")
            .ToHashSet(StringComparer.Ordinal);
        Assert.Equal(read.Order(StringComparer.Ordinal), VariableTable.Rows.Select(static row => row.Name).Where(static name => name != "OTEL_...").Order(StringComparer.Ordinal));
    }

    private static bool IsBuilt(string path) =>
        path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal) || path.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}", StringComparison.Ordinal);

    [GeneratedRegex("const string \\w*Key = \"(\\w+)\"")]
    private static partial Regex KeyConstant();

    [GeneratedRegex("\"([A-Z][A-Z0-9]*_[A-Z0-9_]*)\"")]
    private static partial Regex VariableName();
}
