namespace InferenceServer.Host.Transport;

/// <summary>Names connections: thirteen digits and letters that no other connection of this process has, nor, most likely, one of its last run.</summary>
internal static class ConnectionName
{
    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
    private const int Length = 13;
    private const int BitsADigit = 5;

    private static long s_last = TimeProvider.System.GetUtcNow().Ticks;

    public static string Next() => string.Create(Length, Interlocked.Increment(ref s_last), static (name, number) =>
    {
        for (var i = Length - 1; i >= 0; i--)
        {
            name[i] = Digits[(int)(number & (Digits.Length - 1))];
            number >>= BitsADigit;
        }
    });
}
