namespace InferenceServer.Host.Reference;

/// <summary>What <c>inference-server reference</c> does: prints the reference of everything that can be set. <c>docs/configuration-reference.md</c> is what it has printed.</summary>
internal static class ReferenceCommand
{
    public const string Word = "reference";

    /// <summary>True for a command line that is for this.</summary>
    public static bool IsFor(string[] args) => args is [Word];

    /// <returns>The exit code.</returns>
    public static int Run(TextWriter output)
    {
        output.Write(ReferencePage.Make());
        return 0;
    }
}
